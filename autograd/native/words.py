"""The layout of an entry's plan, and where things are in the objects of CPython and numpy: see `entry`."""

from __future__ import annotations

# The plan, an array of 64-bit integers: addresses, counts, and addresses of tables of integers.
(
    METHOD, RUN, WORK, SUMS,  # what takes other calls; the code of `forms.SIGNATURES`, and what it needs
    PARAMETERS, VALUES_AT, FLOAT, DOUBLE, NUMBERS,  # how many; Values, the offsets in them; where numbers are put
    AT, CHANGES, SEEN,  # or are they the last argument? `changes` of Values, and what it was when they were read
    ARGUMENTS, ARGUMENTS_AT, COLUMNS, LEAST, MOST,  # how many, what is expected; a table to fill; of how many examples
    LEAVES, LEAVES_AT, RESULTS, WHOLE, DIRECT,  # what is made; what is computed; is the one array computed in place?
    EACH, LARGE,  # results for each example; so many examples, whose arrays are parts of the one they are computed in
    SHAPE, SHAPE_AT,  # the tuples and lists around them, in the order in which they are made
    TUPLES, PARTS_AT,  # how many, if there are no lists, from the outermost in; see `making.shape_tables`
    NO_NAN,  # so many results for the whole batch must be no nan
    WORDS, WORDS_AT, DICTS, NAMES_AT, VERSIONED,  # what must be as it was: how many times TOGETHER (address, word), and
    # of (dict, its version when last looked at, how many, (key, content) for each). Does a dict that changes say so?
    FLOAT_TYPE, FLOAT64_TYPE, INT_TYPE, BOOL_TYPE, FROM_INT, INTS,  # numbers; where doubles that ints become are put
    ERROR, FORGET,  # is there one? It is cleared
    ARRAY_TYPE, TUPLE_TYPE, DOUBLES, NEW_FLOAT, NEW_TUPLE, NEW_LIST, NEW_ARRAY,  # of Python and numpy
    HOLD, KEEP, DROP, CALL, GET,
    PLAN_SIZE,
) = range(55)  # fmt: skip
WIDTH = 8  # words of an entry in the tables of arguments, (axes, columns, lengths of the axes after the first), and of
# leaves, (kind, first, count, axes after the first, their lengths)
AXES = 4  # at most, after the first
A_FLOAT, AN_ARRAY, OF_WHOLE, ARRAY_OF_WHOLE = range(4)  # kinds of leaves
LEAF = -1  # in a shape: the next leaf; 2k: a tuple of the last k, 2k + 1: a list; in its table (leaves before it, 2k)
TOGETHER = 4  # words that are compared at once

# Where things are, for CPython and numpy on machines of 64 bits; `trusted` looks whether it is so.
TYPE, NUMBER, ITEMS, LIST_ITEMS = 8, 16, 24, 24
WORD, SIZE, CONTENT = 8, 16, 16  # SIZE of a list, a tuple or a dict, CONTENT of a cell
VERSION = 24  # of a dict; another after each change: see PEP 509
DATA, ARRAY_AXES, LENGTHS, DESCRIPTION, FLAGS = 16, 24, 32, 56, 64
CONTIGUOUS_AND_ALIGNED, WRITEABLE = 0x101, 0x400
VECTOR, PLAN, LAST = 16, 24, 32  # in an object with an entry; LAST says where its last result is held
