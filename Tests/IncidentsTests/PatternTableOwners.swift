/// Owners whose systems all fail in part.
let drawnOwners: [Drawn] = [
  Drawn(
    "both systems of an owner fail in part and alike: it is the owner",
    """
      a b c
    p X . .
    q X . .
    r X . .
    t . X .
    u . X .
    v . X .
    w . . .
    x . . .
    y . . .
    """,
    "owner o = a b",
    is: "part of owner o x6: p q r t u v"),
  Drawn(
    "an owner of whom one system works: two parts",
    """
      a b c
    p X . .
    q X . .
    r X . .
    t . X .
    u . X .
    v . X .
    w . . .
    x . . .
    y . . .
    """,
    "owner o = a b c",
    is: "part of system a x3: p q r; part of system b x3: t u v"),
  Drawn(
    "systems of an owner that fail in different ways: two parts",
    """
      a b c
    p X . .
    q X . .
    r X . .
    t . C .
    u . C .
    v . C .
    w . . .
    x . . .
    y . . .
    """,
    "owner o = a b",
    is: "part of system a x3: p q r; part of system b x3: t u v"),
  Drawn(
    "most of one system and a part of the other",
    """
      a b c
    p X . .
    q X . .
    r X . .
    t X X .
    u X X .
    v X X .
    w X . .
    x . . .
    y . . .
    """,
    "owner o = a b",
    is: "part of owner o x10: p q r t u v w"),
  Drawn(
    "two links of a system are no part of it",
    """
      a b c
    p X . .
    q X . .
    r X . .
    t . X .
    u . X .
    v . . .
    w . . .
    x . . .
    """,
    "owner o = a b",
    is: "part of system a x3: p q r; point b/t; point b/u"),
  Drawn(
    "a national system of one link says nothing of the owner",
    """
      a b d c
    p X . - .
    q X . - .
    r X . - .
    t . X - .
    u . X - .
    v . X - .
    w . . - .
    x . . - .
    n - - . -
    """,
    "owner o = a b d; national n",
    is: "part of owner o x6: p q r t u v"),
  Drawn(
    "what gateways explain is no matter of an owner",
    """
      g a b
    p X X X
    q X X X
    r X X X
    t . . .
    u . . .
    v . . .
    w . . .
    """,
    "owner o = a b; gateway g",
    is: "route g/p x3; route g/q x3; route g/r x3"),
]
