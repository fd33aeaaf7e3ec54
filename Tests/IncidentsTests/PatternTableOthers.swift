/// Hops, vendors, blindness, slow and overdue links.
let drawnOthers: [Drawn] = [
  Drawn(
    "a gateway fails with its province: the hop is named",
    """
      g a b c
    p X X X X
    q . . . .
    r . . . .
    """,
    "gateway g",
    is: "route g/p x4"),
  Drawn(
    "a gateway works and its province fails: the province",
    """
      g a b c
    p . X X X
    q . . . .
    r . . . .
    """,
    "gateway g",
    is: "province p x3"),
  Drawn(
    "a gateway of which nothing is known: the province",
    """
      g a b c
    p ? X X X
    q . . . .
    r . . . .
    """,
    "gateway g",
    is: "province p x3"),
  Drawn(
    "a gateway fails alone",
    """
      g a b c
    p X . . .
    q . . . .
    r . . . .
    """,
    "gateway g",
    is: "point g/p"),
  Drawn(
    "a failing gateway and half of what passes it",
    """
      g a b c d
    p X X X . .
    q . . . . .
    r . . . . .
    """,
    "gateway g",
    is: "route g/p x3"),
  Drawn(
    "a link that passes no gateway fails too: the province",
    """
      g a b c d
    p X X X X X
    q . . . . .
    r . . . . .
    """,
    "gateway g;direct d",
    is: "province p x5"),
  Drawn(
    "a link that passes no gateway works",
    """
      g a b c d
    p X X X X .
    q . . . . .
    r . . . . .
    """,
    "gateway g;direct d",
    is: "route g/p x4"),
  Drawn(
    "the exchange fails, and what does not pass it works",
    """
      n g a b c
    x X - - - -
    p - . X X X
    q - . X X X
    r - . X X X
    t - . X X X
    """,
    "gateway g;exchange n/x;national x",
    is: "route n/x x13"),
  Drawn(
    "the exchange answers and passes nothing on",
    """
      n g a b c
    x . - - - -
    p - . X X X
    q - . X X X
    r - . X X X
    t - . X X X
    u - . X X X
    """,
    "gateway g;exchange n/x;national x;canaries see",
    is: "route n/x x15"),
  Drawn(
    "two gateways fail",
    """
      g a b c
    p X X X X
    q . . . .
    r X X X X
    t . . . .
    u . . . .
    """,
    "gateway g",
    is: "route g/p x4; route g/r x4"),
  Drawn(
    "a gateway and a column",
    """
      g a b c
    p X X X X
    q . X . .
    r . X . .
    t . X . .
    u . X . .
    """,
    "gateway g",
    is: "system a x5; route g/p x3"),
  Drawn(
    "all provinces of a vendor",
    """
      a b c
    p X X X
    q X X X
    r X X X
    t . . .
    u . . .
    v . . .
    """,
    "vendor v = p q r",
    is: "vendor v x9"),
  Drawn(
    "two provinces of a vendor are provinces",
    """
      a b c
    p X X X
    q X X X
    r . . .
    t . . .
    u . . .
    """,
    "vendor v = p q",
    is: "province p x3; province q x3"),
  Drawn(
    "a vendor with a province that works is not blamed for the others",
    """
      a b c
    p X X X
    q X X X
    r . . .
    t . . .
    u . . .
    v . . .
    """,
    "vendor v = p q r",
    is: "province p x3; province q x3"),
  Drawn(
    "a column is no vendor's, though its provinces are",
    """
      a b c
    p X . .
    q X . .
    r X . .
    t . . .
    u . . .
    v . . .
    w . . .
    """,
    "vendor v = p q r",
    is: "part of system a x3: p q r"),
  Drawn(
    "everything fails",
    """
      a b c
    p C C C
    q C C C
    r C C C
    """,
    is: "vantage x9"),
  Drawn(
    "nearly everything fails",
    """
      a b c d e
    p C C C C C
    q C C C C C
    r C C C C C
    t C C . C C
    """,
    is: "vantage x19"),
  Drawn(
    "everything of the one province fails that is watched",
    """
      a b c
    p C C C
    """,
    is: "province p x3"),
  Drawn(
    "everything of the one owner fails that is watched",
    """
      a b
    p X X
    q X X
    r X X
    """,
    "owner o = a b",
    is: "owner o x6"),
  Drawn(
    "everything fails, and canaries answer",
    """
      a b c
    p C C C
    q C C C
    r C C C
    """,
    "canaries see",
    is: "system a x3; system b x3; system c x3"),
  Drawn(
    "canaries fail and one link has been seen failing",
    """
      a b c
    p C . .
    q . . .
    r . . .
    """,
    "canaries blind",
    is: "vantage x1"),
  Drawn(
    "canaries fail and a slow link joins",
    """
      a b c
    p C s .
    q . . .
    r . . .
    """,
    "canaries blind",
    is: "vantage x1 +1 slow"),
  Drawn(
    "somebody answers in everybody's place",
    """
      a b c
    p X . .
    q . X .
    r . . .
    """,
    "canaries deceived",
    is: "vantage x2"),
  Drawn(
    "one of two canaries fails, and half of everything",
    """
      a b c d
    p C C C C
    q . . . .
    r C . C .
    t . C . C
    """,
    "canaries doubt",
    is: "vantage x8"),
  Drawn(
    "one of two canaries fails, and a column",
    """
      a b c
    p X . .
    q X . .
    r X . .
    """,
    "canaries doubt",
    is: "system a x3"),
  Drawn(
    "canaries fail and no link does",
    """
      a b
    p . .
    q . .
    """,
    "canaries blind",
    is: ""),
  Drawn(
    "a small world that fails wholly is not called blind",
    """
      a b
    p X X
    q X X
    """,
    is: "system a x2; system b x2"),
  Drawn(
    "a column is slow",
    """
      a b c
    p s . .
    q s . .
    r s . .
    """,
    is: "slow system a x3"),
  Drawn(
    "a row is slow",
    """
      a b c
    p s s s
    q . . .
    r . . .
    """,
    is: "slow province p x3"),
  Drawn(
    "one slow link is a slow point",
    """
      a b c
    p s . .
    q . . .
    r . . .
    """,
    is: "slow point a/p"),
  Drawn(
    "a slow link of a failing column is told with it",
    """
      a b c
    p X . .
    q X . .
    r X . .
    t s . .
    """,
    is: "system a x3 +1 slow"),
  Drawn(
    "a slow column of which a part fails is one",
    """
      a b
    p X .
    q X .
    r X .
    t s .
    u s .
    v . .
    w . .
    x . .
    y . .
    """,
    is: "part of system a x3 +2 slow: p q r"),
  Drawn(
    "slow links do not make one failing link a column",
    """
      a b c
    p X . .
    q s . .
    r s . .
    t s . .
    """,
    is: "point a/p; slow system a x3"),
  Drawn(
    "a slow column beside a failing row",
    """
      a b c
    p . X .
    q X X X
    r s . .
    t s . .
    u s . .
    v s . .
    """,
    is: "province q x3; point b/p; slow system a x4"),
  Drawn(
    "a slow link elsewhere stays by itself",
    """
      a b c
    p X . .
    q X s .
    r X . .
    t . . .
    """,
    is: "system a x3; slow point b/q"),
  Drawn(
    "overdue links of a system are one",
    """
      a b c
    p o . .
    q o . .
    r o . .
    """,
    is: "overdue system a x3"),
  Drawn(
    "an overdue link is no failing one",
    """
      a b c
    p o . .
    q X . .
    r X . .
    t X . .
    """,
    is: "system a x3; overdue point a/p"),
  Drawn(
    "a province that nobody connected",
    """
      a b c
    p o o o
    q . . .
    r . . .
    """,
    is: "overdue province p x3"),
]
