/// Rows, rows with columns, and what does not count.
let drawnRows: [Drawn] = [
  Drawn(
    "a row fails",
    """
      a b c
    p X X X
    q . . .
    r . . .
    """,
    is: "province p x3"),
  Drawn(
    "most of a row",
    """
      a b c d e
    p X X X X .
    q . . . . .
    r . . . . .
    """,
    is: "province p x4"),
  Drawn(
    "a row of two links that both fail",
    """
      a b c
    p X X -
    q . . .
    r . . .
    """,
    is: "province p x2"),
  Drawn(
    "two rows are two provinces",
    """
      a b c d
    p X X X X
    q . . . .
    r X X X X
    t . . . .
    u . . . .
    """,
    is: "province p x4; province r x4"),
  Drawn(
    "half of a row is points",
    """
      a b c d
    p X X . .
    q . . . .
    r . . . .
    """,
    is: "point a/p; point b/p"),
  Drawn(
    "a row in which all fail, each in its way",
    """
      a b c d
    p X C T X
    q . . . .
    r . . . .
    """,
    is: "province p x4"),
  Drawn(
    "rows of unequal size",
    """
      a b c d e
    p X X X X X
    q X . - - -
    r . . . . .
    t . . . . .
    """,
    is: "province p x5; point a/q"),
  Drawn(
    "a row and a column: the crossing is in one",
    """
      a b c d
    p X X X X
    q X . . .
    r X . . .
    t X . . .
    u X . . .
    """,
    is: "system a x5; province p x3"),
  Drawn(
    "a row and a column of one size",
    """
      a b c d
    p X X X X
    q X . . .
    r X . . .
    t X . . .
    """,
    is: "system a x4; province p x3"),
  Drawn(
    "a long row and a short column",
    """
      a b c d e f
    p X X X X X X
    q X . . . . .
    r X . . . . .
    """,
    is: "province p x6; system a x2"),
  Drawn(
    "two rows and a column",
    """
      a b c d e
    p X X X X X
    q X X X X X
    r X . . . .
    t X . . . .
    u X . . . .
    v X . . . .
    w X . . . .
    """,
    is: "system a x7; province p x4; province q x4"),
  Drawn(
    "a row, a column and a point apart",
    """
      a b c d
    p X X X X
    q X . . .
    r X . X .
    t X . . .
    u X . . .
    """,
    is: "system a x5; province p x3; point c/r"),
  Drawn(
    "a part of a column and a row",
    """
      a b c d
    p X X X X
    q X . . .
    r X . . .
    t X . . .
    u . . . .
    v . . . .
    w . . . .
    x . . . .
    y . . . .
    """,
    is: "province p x4; part of system a x3: q r t"),
  Drawn(
    "an owner and a row",
    """
      a b c d e
    p X X X X X
    q X X . . .
    r X X . . .
    t X X . . .
    """,
    "owner o = a b",
    is: "owner o x8; province p x3"),
  Drawn(
    "unknown cells do not contradict a column",
    """
      a b c
    p X . .
    q X . .
    r X . .
    t ? . .
    u ? . .
    v ? . .
    """,
    is: "system a x3"),
  Drawn(
    "unknown cells do not support a column",
    """
      a b c
    p X . .
    q ? . .
    r ? . .
    t . . .
    """,
    is: "point a/p"),
  Drawn(
    "two failing links among unknown ones are no column",
    """
      a b c
    p X . .
    q X . .
    r ? . .
    t ? . .
    """,
    is: "point a/p; point a/q"),
  Drawn(
    "two failing links among unknown ones are no row",
    """
      a b c d
    p X X ? ?
    q . . . .
    r . . . .
    """,
    is: "point a/p; point b/p"),
  Drawn(
    "paused and planned links do not count",
    """
      a b c
    p X . .
    q X . .
    r p . .
    t p . .
    """,
    is: "system a x2"),
  Drawn(
    "everything unknown is no pattern",
    """
      a b
    p ? ?
    q ? ?
    """,
    is: ""),
  Drawn(
    "a row of which the rest is in maintenance",
    """
      a b c d
    p X X p p
    q . . . .
    r . . . .
    """,
    is: "province p x2"),
]
