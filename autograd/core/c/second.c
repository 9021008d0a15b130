/* All second derivatives of a recorded scalar at once, as second_order.py says it: the same terms, in the same order.
 *
 * The second partials of a row are its partials read on dual numbers (rules.h); those of a row that has none there are
 * asked of Python, before anything else is done. From there on no Python code runs. */
#include "node.h"
#include "rules.h"

static const struct { int arity; SecondPartial partial; } seconds[] = {
#define X(name, arity, having, second) {arity, second},
    RULES(X)
#undef X
};

typedef struct { Py_ssize_t from, to; double *at; } Vector; /* the entries from a first one on; NULL: none, all are 0 */
typedef struct {
    Node *node;
    Vector direction, bending; /* ṫ and ȧ */
    double adjoint, grad;      /* OFF where no adjoint arrives; what there was in the node's */
    PyObject *known;           /* second partials by Python */
} Place;
typedef struct { Node *operand; double partial; Py_ssize_t at; } Edge;
typedef struct {
    Place *places; /* of the inputs, and of the nodes in order; a node's `grad` holds the number of its place */
    Edge *edges;   /* of one node at a time */
    Dual *dual;
    Py_ssize_t inputs, n, width;
    double tiny, large;
} Walk;

#define PLACE(walk, node) ((walk)->places + (Py_ssize_t)(node)->grad)
#define MOVES(node) ((node)->marked) /* has it a direction? */

/* ---- the edges of a node ---- */

static Py_ssize_t size_of(uint8_t shape, const Side *many) { return shape == MANY ? many->n : shape != NOTHING; }

static Py_ssize_t put(Edge *edges, Py_ssize_t at, uint8_t shape, PyObject *one, double p, const Side *many, const double *partials) {
    Py_ssize_t n = 0;
    if (shape == SHUT || shape == OPEN) edges[n++] = (Edge){NODE(one), shape == OPEN ? p : off(), at};
    for (Py_ssize_t i = 0; shape == MANY && many->values && i < many->n; i++)
        if (IS_NODE(many->operands[i])) edges[n++] = (Edge){NODE(many->operands[i]), partials[i], at + i};
    return n;
}

/* The Values among a node's operands, with the partials recorded beside them and their places. */
static Py_ssize_t edges_of(const Node *z, Edge *edges) {
    const double *x = NULL, *y = NULL;
    if (z->x_shape == MANY) x = (z->crossed ? z->y.many : z->x.many)->numbers;
    if (z->y_shape == MANY) y = (z->crossed ? z->x.many : z->y.many)->numbers;
    Py_ssize_t n = put(edges, 0, z->x_shape, z->x.one, z->px, z->x.many, x);
    return n + put(edges + n, size_of(z->x_shape, z->x.many), z->y_shape, z->y.one, z->py, z->y.many, y);
}

/* ---- vectors ---- */

static int span(Vector *v, Py_ssize_t from, Py_ssize_t to) {
    double *at = PyMem_Malloc((size_t)(to - from) * sizeof *at);
    if (!at) return -1;
    for (Py_ssize_t i = from; i < to; i++) at[i - from] = v->at && i >= v->from && i < v->to ? v->at[i - v->from] : -0.0;
    PyMem_Free(v->at);
    *v = (Vector){from, to, at};
    return 0;
}

/* total += p · v, where a total that is too short becomes as long as they can be. */
static int add(Vector *total, double p, const Vector *v, Py_ssize_t width) {
    if (!total->at ? span(total, v->from, v->to) : (v->from < total->from || v->to > total->to) ? span(total, 0, width) : 0)
        return -1;
    double *restrict sum = total->at + (v->from - total->from);
    const double *restrict term = v->at;
    for (Py_ssize_t i = 0; i < v->to - v->from; i++) sum[i] += p * term[i];
    return 0;
}

/* ---- the three sweeps ---- */

static int forward(Walk *walk, Place *place) {
    Node *z = place->node;
    Py_ssize_t n = edges_of(z, walk->edges), from = walk->width, to = 0;
    for (Py_ssize_t i = 0; i < n; i++) {
        if (is_off(walk->edges[i].partial) || !MOVES(walk->edges[i].operand)) continue;
        const Vector *v = &PLACE(walk, walk->edges[i].operand)->direction;
        if (v->from < from) from = v->from;
        if (v->to > to) to = v->to;
    }
    if (from >= to) return 0;
    if (span(&place->direction, from, to)) return -1;
    for (Py_ssize_t i = 0; i < n; i++) {
        Edge e = walk->edges[i];
        if (!is_off(e.partial) && MOVES(e.operand)) add(&place->direction, e.partial, &PLACE(walk, e.operand)->direction, walk->width);
    }
    z->marked = 1;
    return 0;
}

static double factor(const Walk *walk, double p, const Vector *direction) {
    for (Py_ssize_t i = 0; fabs(p) < walk->tiny && i < direction->to - direction->from; i++)
        if (fabs(direction->at[i]) > walk->large) return NAN;
    return p;
}

/* ȧ(x) += a(z) · ∂²z/∂x∂y · ṫ(y) */
static int bend(Walk *walk, const Place *place, Node *x, Node *y, double second) {
    if (is_off(second) || !MOVES(x) || !MOVES(y)) return 0;
    const Vector *v = &PLACE(walk, y)->direction;
    return add(&PLACE(walk, x)->bending, factor(walk, place->adjoint * second, v), v, walk->width);
}

static int bend_dot(Walk *walk, const Place *place) {
    const Side *w = place->node->x.many, *x = place->node->y.many;
    for (Py_ssize_t turn = 0; turn < 2 && w->values && x->values; turn++) {
        for (Py_ssize_t i = 0; i < x->n; i++) {
            PyObject *a = w->operands[i], *b = x->operands[i];
            if (IS_NODE(a) && IS_NODE(b) && bend(walk, place, NODE(turn ? b : a), NODE(turn ? a : b), 1.0)) return -1;
        }
    }
    return 0;
}

static int bend_by_rule(Walk *walk, const Place *place, int rule, Py_ssize_t n) {
    const Node *z = place->node;
    Dual *at = walk->dual;
    const int arity = seconds[rule].arity;
    for (int i = 0; i < arity; i++) {
        PyObject *x = z->x_shape == MANY ? z->x.many->operands[i] : i ? z->y.one : z->x.one;
        at[i] = (Dual){IS_NODE(x) ? NODE(x)->data : PyFloat_AsDouble(x), off()};
    }
    for (Py_ssize_t i = 0; i < n; i++) {
        for (Py_ssize_t k = 0; k < n; k++) {
            Edge x = walk->edges[i], y = walk->edges[k];
            at[y.at].moves = 1.0;
            at[arity] = (Dual){z->data, y.partial};
            if (bend(walk, place, x.operand, y.operand, seconds[rule].partial((int)x.at, at))) return -1;
            at[y.at].moves = off();
        }
    }
    return 0;
}

/* A list of (i, k, second partial) */
static int bend_as_known(Walk *walk, const Place *place, Py_ssize_t n) {
    for (Py_ssize_t j = 0; j < PyList_Size(place->known); j++) {
        Py_ssize_t i, k;
        double second;
        Node *x = NULL, *y = NULL;
        if (!PyArg_ParseTuple(PyList_GetItem(place->known, j), "nnd", &i, &k, &second)) return -1;
        for (Py_ssize_t e = 0; e < n; e++) {
            if (walk->edges[e].at == i) x = walk->edges[e].operand;
            if (walk->edges[e].at == k) y = walk->edges[e].operand;
        }
        if (x && y && bend(walk, place, x, y, second)) return -1;
    }
    return 0;
}

static int reverse(Walk *walk, Place *place) {
    Node *z = place->node;
    if (!MOVES(z) || is_off(place->adjoint)) return 0;
    Py_ssize_t n = edges_of(z, walk->edges);
    for (Py_ssize_t i = 0; place->bending.at && i < n; i++) {
        Edge e = walk->edges[i];
        if (!is_off(e.partial) && MOVES(e.operand) && add(&PLACE(walk, e.operand)->bending, e.partial, &place->bending, walk->width))
            return -1;
    }
    PyMem_Free(place->bending.at);
    place->bending.at = NULL;
    if (place->known) return bend_as_known(walk, place, n);
    if (z->crossed) return bend_dot(walk, place);
    int rule = rule_of(z);
    return rule < 0 ? 0 : bend_by_rule(walk, place, rule, n);
}

/* ---- from Python and back ---- */

/* Where neither C nor the form of the node says what its second partials are, Python does. */
static int ask(Walk *walk, PyObject *python_rule) {
    for (Place *place = walk->places + walk->inputs; place < walk->places + walk->n; place++) {
        int rule = rule_of(place->node);
        if (!place->node->row || place->node->crossed || is_sum(place->node) || (rule >= 0 && seconds[rule].partial)) continue;
        place->known = PyObject_CallFunctionObjArgs(python_rule, (PyObject *)place->node, NULL);
        if (!place->known) return -1;
        if (!PyList_Check(place->known)) {
            PyErr_SetString(PyExc_TypeError, "second: a list of second partials");
            return -1;
        }
    }
    return 0;
}

static int sweep(Walk *walk) {
    for (Py_ssize_t i = walk->inputs; i < walk->n; i++)
        if (forward(walk, walk->places + i)) return -1;
    for (Py_ssize_t i = walk->n; i-- > walk->inputs;)
        if (reverse(walk, walk->places + i)) return -1;
    return 0;
}

static double entry(const Vector *v, Py_ssize_t k) { return v->at && k >= v->from && k < v->to ? v->at[k - v->from] + 0.0 : 0.0; }

/* A list of lines. Of a symmetric matrix the part above the diagonal counts. */
static PyObject *lines_of(const Walk *walk, int symmetric) {
    PyObject *lines = PyList_New(walk->inputs);
    for (Py_ssize_t i = 0; lines && i < walk->inputs; i++) {
        PyObject *line = PyList_New(walk->width);
        for (Py_ssize_t k = 0; line && k < walk->width; k++) {
            int mirrored = symmetric && k < i;
            PyObject *number = mirrored ? Py_NewRef(PyList_GetItem(PyList_GetItem(lines, k), i))
                                        : PyFloat_FromDouble(entry(&walk->places[i].bending, k));
            if (!number) Py_CLEAR(line);
            else PyList_SetItem(line, k, number);
        }
        if (!line) Py_CLEAR(lines);
        else PyList_SetItem(lines, i, line);
    }
    return lines;
}

/* Places for all nodes, room for the edges of the largest, what Python knows, and the adjoints. */
static int prepare(Walk *walk, PyObject *order, PyObject *inputs, PyObject *output, PyObject *python_rule) {
    Py_ssize_t most = 3;
    walk->places = PyMem_Calloc((size_t)walk->n + 1, sizeof *walk->places);
    double *adjoints = PyMem_Malloc((size_t)(walk->n + 1) * sizeof(double));
    if (!walk->places || !adjoints) {
        PyMem_Free(adjoints);
        PyErr_NoMemory();
        walk->n = 0;
        return -1;
    }
    for (Py_ssize_t i = 0; i < walk->n; i++) {
        PyObject *node = i < walk->inputs ? PyList_GetItem(inputs, i) : PyList_GetItem(order, i - walk->inputs);
        const Node *z = walk->places[i].node = NODE(Py_NewRef(node));
        Py_ssize_t n = size_of(z->x_shape, z->x.many) + size_of(z->y_shape, z->y.many);
        if (n > most) most = n;
    }
    int failed = ask(walk, python_rule) || adjoints_of(order, output, adjoints);
    for (Py_ssize_t i = walk->inputs; !failed && i < walk->n; i++) walk->places[i].adjoint = adjoints[i - walk->inputs];
    PyMem_Free(adjoints);
    if (failed) return -1;
    walk->edges = PyMem_Malloc((size_t)most * sizeof *walk->edges);
    if (walk->edges) return 0;
    PyErr_NoMemory();
    return -1;
}

static void release(Walk *walk) {
    for (Py_ssize_t i = 0; i < walk->n; i++) {
        Py_XDECREF((PyObject *)walk->places[i].node);
        Py_XDECREF(walk->places[i].known);
        PyMem_Free(walk->places[i].direction.at);
        PyMem_Free(walk->places[i].bending.at);
    }
    PyMem_Free(walk->places);
    PyMem_Free(walk->edges);
}

/* second(order, inputs, output, directions, python_rule, tiny, large): the lines of H·V, where V is one column of numbers,
   or if that is None all directions. None: the general way. */
static PyObject *second(PyObject *Py_UNUSED(module), PyObject *const *a, Py_ssize_t n) {
    if (n != 7 || in_force(ANOMALY) || !are_nodes(a[0]) || !are_nodes(a[1]) || !IS_NODE(a[2])) Py_RETURN_NONE;
    const int all = a[3] == Py_None;
    Dual dual[MOST_OPERANDS + 1];
    Walk walk = {.inputs = PyList_Size(a[1]), .n = PyList_Size(a[1]) + PyList_Size(a[0]), .dual = dual,
                 .tiny = PyFloat_AsDouble(a[5]), .large = PyFloat_AsDouble(a[6])};
    walk.width = all ? walk.inputs : 1;
    PyObject *answer = NULL;
    if (!all && !(PyList_CheckExact(a[3]) && PyList_Size(a[3]) == walk.inputs)) Py_RETURN_NONE;
    for (Py_ssize_t i = 0; !all && i < walk.inputs; i++)
        if (!PyFloat_CheckExact(PyList_GetItem(a[3], i))) Py_RETURN_NONE;
    if (!prepare(&walk, a[0], a[1], a[2], a[4])) {
        int failed = 0;
        for (Py_ssize_t i = 0; i < walk.n; i++) {
            Place *place = walk.places + i;
            place->grad = place->node->grad;
            place->node->grad = (double)i;
            if (i >= walk.inputs) continue;
            failed |= span(&place->direction, all ? i : 0, all ? i + 1 : 1);
            if (place->direction.at) place->direction.at[0] = all ? 1.0 : PyFloat_AsDouble(PyList_GetItem(a[3], i));
            place->node->marked = 1;
        }
        failed = failed || sweep(&walk);
        for (Py_ssize_t i = 0; i < walk.n; i++) {
            walk.places[i].node->grad = walk.places[i].grad;
            walk.places[i].node->marked = 0;
        }
        if (!failed) answer = lines_of(&walk, all);
        else if (!PyErr_Occurred()) PyErr_NoMemory();
    }
    release(&walk);
    return answer;
}

PyMethodDef second_functions[] = {
    {"second", (PyCFunction)(void (*)(void))second, METH_FASTCALL, "second(order, inputs, output, directions, python_rule, tiny, large), or None."},
    {NULL, NULL, 0, NULL},
};
