/// Points, columns and named parts of columns.
let drawnColumns: [Drawn] = [
  Drawn(
    "nothing fails",
    """
      a b c
    p . . .
    q . . .
    """,
    is: ""),
  Drawn(
    "one link fails",
    """
      a b c
    p . X .
    q . . .
    r . . .
    """,
    is: "point b/p"),
  Drawn(
    "two links without anything in common are two points",
    """
      a b c
    p X . .
    q . . X
    r . . .
    """,
    is: "point a/p; point c/q"),
  Drawn(
    "two of a column of five are points",
    """
      a b c
    p X . .
    q X . .
    r . . .
    t . . .
    u . . .
    """,
    is: "point a/p; point a/q"),
  Drawn(
    "two of a row of four are points",
    """
      a b c d
    p X X . .
    q . . . .
    r . . . .
    """,
    is: "point a/p; point b/p"),
  Drawn(
    "a row of two links does not become a province by one",
    """
      a b c
    p X . -
    q . . .
    r . . .
    """,
    is: "point a/p"),
  Drawn(
    "a row of one link that fails is a point",
    """
      a b c
    p X - -
    q . . .
    r . . .
    """,
    is: "point a/p"),
  Drawn(
    "a diagonal is points",
    """
      a b c
    p X . .
    q . X .
    r . . X
    """,
    is: "point a/p; point b/q; point c/r"),
  Drawn(
    "a national link alone is a point",
    """
      w a b
    n X - -
    p - . .
    q - . .
    """,
    "national n",
    is: "point w/n"),
  Drawn(
    "a column fails",
    """
      a b c
    p X . .
    q X . .
    r X . .
    """,
    is: "system a x3"),
  Drawn(
    "two columns of two owners are two",
    """
      a b c
    p X X .
    q X X .
    r X X .
    t X X .
    """,
    is: "system a x4; system b x4"),
  Drawn(
    "most of a column",
    """
      a b c
    p X . .
    q X . .
    r X . .
    t X . .
    u . . .
    """,
    is: "system a x4"),
  Drawn(
    "most of a column, in whatever way",
    """
      a b c
    p X . .
    q C . .
    r T . .
    t X . .
    u . . .
    """,
    is: "system a x4"),
  Drawn(
    "a column of two of which both fail",
    """
      a b c
    p X . .
    q X . .
    r - . .
    """,
    is: "system a x2"),
  Drawn(
    "two of a column of three are too few",
    """
      a b c
    p X . .
    q X . .
    r . . .
    """,
    is: "point a/p; point a/q"),
  Drawn(
    "two services of one system, both whole",
    """
      a b c
    p X X .
    q X X .
    r X X .
    """,
    "system s = a b",
    is: "system s x6"),
  Drawn(
    "one of two services of a system",
    """
      a b c
    p X . .
    q X . .
    r X . .
    """,
    "system s = a b",
    is: "system a x3"),
  Drawn(
    "all systems of an owner",
    """
      a b c d
    p X X . .
    q X X . .
    r X X . .
    """,
    "owner o = a b",
    is: "owner o x6"),
  Drawn(
    "two of an owner's three systems are two systems",
    """
      a b c d
    p X X . .
    q X X . .
    r X X . .
    t X X . .
    """,
    "owner o = a b c",
    is: "system a x4; system b x4"),
  Drawn(
    "an owner with one system is a system",
    """
      a b c
    p X . .
    q X . .
    r X . .
    t X . .
    """,
    "owner o = a",
    is: "system a x4"),
  Drawn(
    "an owner of whom one cell works",
    """
      a b c d
    p X X . .
    q X X . .
    r X . . .
    t X X . .
    u X X . .
    """,
    "owner o = a b",
    is: "owner o x9"),
  Drawn(
    "four provinces of a column, in one way",
    """
      a b
    p X .
    q X .
    r X .
    t X .
    u . .
    v . .
    w . .
    x . .
    y . .
    z . .
    """,
    is: "part of system a x4: p q r t"),
  Drawn(
    "three of eight, in one way",
    """
      a b
    p X .
    q . .
    r X .
    t . .
    u X .
    v . .
    w . .
    x . .
    """,
    is: "part of system a x3: p r u"),
  Drawn(
    "three of eight in three ways are points",
    """
      a b
    p X .
    q . .
    r C .
    t . .
    u T .
    v . .
    w . .
    x . .
    """,
    is: "point a/p; point a/r; point a/u"),
  Drawn(
    "a part names those that fail alike, the other is a point",
    """
      a b
    p X .
    q X .
    r X .
    t C .
    u . .
    v . .
    w . .
    x . .
    y . .
    """,
    is: "part of system a x3: p q r; point a/t"),
  Drawn(
    "two ways of failing in a column are two parts",
    """
      a b
    p X .
    q X .
    r X .
    t C .
    u C .
    v C .
    w . .
    x . .
    y . .
    z . .
    k . .
    l . .
    """,
    is: "part of system a x3: t u v; part of system a x3: p q r"),
  Drawn(
    "an owner's systems in one province are a part of the owner",
    """
      a b c d e f
    p X X X . . .
    q . . . . . .
    r . . . . . .
    """,
    "owner o = a b c",
    is: "part of owner o x3: p"),
  Drawn(
    "an owner's systems in two provinces are one part",
    """
      a b c d e f g
    p X X X . . . .
    q . . . . . . .
    r X X X . . . .
    t . . . . . . .
    u . . . . . . .
    v . . . . . . .
    """,
    "owner o = a b c",
    is: "part of owner o x6: p r"),
]
