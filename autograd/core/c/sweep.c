/* The order of a graph and the chain rule along it, as sweeps.py and fast.py say it: the same terms, in the same order.
 *
 * A sweep takes all the memory it needs first; after that no step can fail, and no Python code runs until it is done.
 * So a sweep happens wholly or not at all, and one at a time. */
#include "node.h"

/* Nodes lie in the order in which they were made, and a sweep will soon be at one made a little before. */
#if defined(__GNUC__)
#define FETCH_AHEAD(node) __builtin_prefetch((const void *)((uintptr_t)(node) - 12 * sizeof(Node)), 1)
#else
#define FETCH_AHEAD(node) ((void)0)
#endif

typedef struct { Node **at; Py_ssize_t n, room; } List;

static int make_room(List *list, Py_ssize_t room) {
    if (room <= list->room) return 0;
    if (room < 2 * list->room) room = 2 * list->room;
    if (room < 64) room = 64;
    Node **at = PyMem_Realloc(list->at, (size_t)room * sizeof *at);
    if (!at) return -1;
    list->at = at;
    list->room = room;
    return 0;
}
static inline int push(List *list, Node *node) {
    if (list->n == list->room && make_room(list, list->n + 1)) return -1;
    list->at[list->n++] = node;
    return 0;
}

/* ---- order ---- */

/* On the stack, a node whose operands are all in order, once it comes up again, has its lowest bit set. */
#define LATER(node) ((Node *)((uintptr_t)(node) | 1))
#define IS_LATER(node) ((uintptr_t)(node) & 1)
#define NOW(node) ((Node *)((uintptr_t)(node) & ~(uintptr_t)1))

typedef struct { List order, leaves, stack; PyObject *seen; int apart; /* leaves in a list of their own? */ } Walk;

static inline int is_new(const Walk *walk, Node *node) {
    return !node->marked && !(walk->seen && PySet_Contains(walk->seen, (PyObject *)node) == 1);
}

static int push_operands(Walk *walk, uint8_t shape, PyObject *one, const Side *many) {
    if (shape == SHUT || shape == OPEN) return is_new(walk, NODE(one)) ? push(&walk->stack, NODE(one)) : 0;
    for (Py_ssize_t i = shape == MANY && many->values ? many->n : 0; i-- > 0;) {
        PyObject *operand = many->operands[i];
        if (IS_NODE(operand) && is_new(walk, NODE(operand)) && push(&walk->stack, NODE(operand))) return -1;
    }
    return 0;
}

/* Down along the first operands, from a node that is new. */
static int descend(Walk *walk, Node *node) {
    while (is_new(walk, node)) {
        FETCH_AHEAD(node);
        if (node->x_shape == NOTHING) {
            if (push(walk->apart ? &walk->leaves : &walk->order, node)) return -1;
            node->marked = 1;
            return 0;
        }
        if (push(&walk->stack, LATER(node))) return -1;
        node->marked = 1;
        if (push_operands(walk, node->y_shape, node->y.one, node->y.many)) return -1;
        if (node->x_shape == MANY) return push_operands(walk, MANY, NULL, node->x.many);
        if (node->x_shape == CONSTANT) return 0;
        node = NODE(node->x.one);
    }
    return 0;
}

static void unmark(const List *list) {
    for (Py_ssize_t i = 0; i < list->n; i++) NOW(list->at[i])->marked = 0;
}

/* Every node that those on the stack depend on, operands first. They stay marked; on failure none does. */
static int walk_down(Walk *walk) {
    while (walk->stack.n) {
        Node *node = walk->stack.at[--walk->stack.n];
        if (IS_LATER(node) ? push(&walk->order, NOW(node)) : descend(walk, node)) {
            NOW(node)->marked = 0;
            unmark(&walk->stack);
            unmark(&walk->order);
            unmark(&walk->leaves);
            PyErr_NoMemory();
            return -1;
        }
    }
    return 0;
}

static void walk_free(Walk *walk) {
    PyMem_Free(walk->order.at);
    PyMem_Free(walk->leaves.at);
    PyMem_Free(walk->stack.at);
}

static PyObject *as_list(Node *const *nodes, Py_ssize_t n) {
    PyObject *list = PyList_New(n);
    for (Py_ssize_t i = 0; list && i < n; i++) PyList_SetItem(list, i, Py_NewRef((PyObject *)nodes[i]));
    return list;
}

/* order(roots, seen, stop): `topological_order`, where the walk stops at nodes of the set `seen` and of the list `stop`.
   These, and what it finds, are added to `seen`, if that is a set. */
static PyObject *order(PyObject *Py_UNUSED(module), PyObject *const *a, Py_ssize_t n) {
    if (n != 3 || !PyTuple_Check(a[0]) || !(a[1] == Py_None || PyAnySet_Check(a[1])) || !PyList_Check(a[2])) {
        PyErr_SetString(PyExc_TypeError, "order(tuple of roots, set or None, list)");
        return NULL;
    }
    PyObject *seen = a[1] == Py_None ? NULL : a[1], *answer = NULL;
    Walk walk = {{0}, {0}, {0}, seen && PySet_Size(seen) ? seen : NULL, 0};
    Py_ssize_t roots = PyTuple_Size(a[0]), stops = PyList_Size(a[2]);
    for (Py_ssize_t i = 0; i < roots + stops; i++) {
        if (!IS_NODE(i < roots ? PyTuple_GetItem(a[0], i) : PyList_GetItem(a[2], i - roots))) {
            PyErr_SetString(PyExc_TypeError, "order: expected Values");
            return NULL;
        }
    }
    if (make_room(&walk.stack, roots)) return PyErr_NoMemory();
    for (Py_ssize_t i = roots; i-- > 0;) walk.stack.at[walk.stack.n++] = NODE(PyTuple_GetItem(a[0], i));
    for (Py_ssize_t i = 0; i < stops; i++) NODE(PyList_GetItem(a[2], i))->marked = 1;
    int failed = walk_down(&walk);
    for (Py_ssize_t i = 0; i < stops; i++) NODE(PyList_GetItem(a[2], i))->marked = 0;
    if (!failed) unmark(&walk.order);
    if (!failed && !PyErr_Occurred()) { /* a subclass can have a hash that raises */
        answer = as_list(walk.order.at, walk.order.n);
        for (Py_ssize_t i = 0; answer && seen && i < walk.order.n + stops; i++)
            if (PySet_Add(seen, i < stops ? PyList_GetItem(a[2], i) : (PyObject *)walk.order.at[i - stops])) Py_CLEAR(answer);
    }
    walk_free(&walk);
    return answer;
}

/* ---- backward ---- */

static inline void add_to(PyObject *operand, double term) {
    NODE(operand)->grad = (NODE(operand)->reached ? NODE(operand)->grad : 0.0) + term;
    NODE(operand)->reached = 1;
}

static inline void add_to_side(const Side *side, const double *partials, double adjoint) {
    for (Py_ssize_t i = 0; side->values && i < side->n; i++) {
        PyObject *operand = side->operands[i];
        if ((side->values == side->n || IS_NODE(operand)) && !is_off(partials[i])) add_to(operand, adjoint * partials[i]);
    }
}

/* The chain rule at one node: its adjoint times each partial, added to that operand's. */
static inline void add_to_operands(const Node *node, double adjoint) {
    if (node->x_shape == OPEN) add_to(node->x.one, adjoint * node->px);
    else if (node->x_shape == MANY)
        add_to_side(node->x.many, (node->crossed ? node->y.many : node->x.many)->numbers, adjoint);
    if (node->y_shape == OPEN) add_to(node->y.one, adjoint * node->py);
    else if (node->y_shape == MANY)
        add_to_side(node->y.many, (node->crossed ? node->x.many : node->y.many)->numbers, adjoint);
}

/* root.backward(): leaves add this sweep's total to what they had, the nodes between hold this sweep's alone. */
PyObject *backward(PyObject *self, PyObject *arguments, PyObject *keywords) {
    if (PyTuple_Size(arguments) || (keywords && PyDict_Size(keywords))) { /* Python says what to write */
        PyObject *first = PyTuple_Pack(1, self), *all = first ? PySequence_Concat(first, arguments) : NULL;
        PyObject *answer = all ? PyObject_Call(python.backward, all, keywords) : NULL;
        Py_XDECREF(first);
        Py_XDECREF(all);
        return answer;
    }
    /* Python looks for anomalies, and refuses in a trace, and a leaf under no_grad. */
    if (in_force(ANOMALY) || in_force(TRACING) || (!NODE(self)->row && in_force(NO_GRAD)))
        return PyObject_CallFunctionObjArgs(python.backward, self, NULL);
    Walk walk = {{0}, {0}, {0}, NULL, 1};
    double *before = NULL;
    int failed = push(&walk.stack, NODE(self)) ? -1 : walk_down(&walk);
    if (!failed && !(before = PyMem_Malloc((size_t)(walk.leaves.n + 1) * sizeof(double)))) {
        unmark(&walk.order);
        unmark(&walk.leaves);
        failed = -1;
    }
    if (!failed) {
        for (Py_ssize_t i = 0; i < walk.leaves.n; i++) {
            before[i] = walk.leaves.at[i]->grad;
            walk.leaves.at[i]->grad = 0.0;
        }
        add_to(self, 1.0);
        for (Py_ssize_t i = walk.order.n; i-- > 0;) {
            Node *node = walk.order.at[i];
            FETCH_AHEAD(node);
            if (node->reached) add_to_operands(node, node->grad);
            else node->grad = 0.0; /* behind a mask: nothing passes on, not even 0 times inf */
            node->marked = node->reached = 0;
            node->written = 1;
        }
        for (Py_ssize_t i = 0; i < walk.leaves.n; i++) {
            Node *leaf = walk.leaves.at[i];
            leaf->grad = before[i] + leaf->grad;
            leaf->marked = leaf->reached = 0;
            leaf->written = 1;
        }
    }
    walk_free(&walk);
    PyMem_Free(before);
    if (failed) return PyErr_NoMemory();
    Py_RETURN_NONE;
}

/* ---- adjoints and tangents, which write no .grad ---- */

/* The nodes that a sweep meets, the ordered ones first, each with what was in its `grad`, where its adjoint forms; that
   goes back when the sweep is done. And the nodes at which something arrived, with what did, unless nobody asks. */
typedef struct { Node *node; double number; } Kept;
typedef struct { Kept *met, *arrived; Py_ssize_t n, ordered, arrivals; } Scratch;

static inline void meet(Scratch *scratch, Node *node) {
    if (node->marked) return;
    node->marked = 1;
    scratch->met[scratch->n++] = (Kept){node, node->grad};
}

static inline void arrive(Scratch *scratch, Node *node, double term) {
    if (node->reached) {
        node->grad += term;
        return;
    }
    meet(scratch, node); /* a walk that stopped knows its last operands not */
    node->reached = 1;
    node->grad = term; /* the first term itself, and not 0 + it: it may be -0 */
    if (scratch->arrived) scratch->arrived[scratch->arrivals++].node = node;
}

static inline Py_ssize_t operands_of(uint8_t shape, const Side *many) { return shape == MANY ? many->n : shape == OPEN; }

/* Take all the memory, meet the ordered nodes, and let the seeds arrive. */
static int prepare(Scratch *scratch, PyObject *order, PyObject *seeds, int all) {
    PyObject *key, *seed;
    Py_ssize_t place = 0, ordered = PyList_Size(order), most = ordered + PyDict_Size(seeds);
    if (!(scratch->met = PyMem_Malloc((size_t)(most + 1) * sizeof(Kept)))) return -1;
    for (Py_ssize_t i = 0; i < ordered; i++) {
        Node *node = NODE(PyList_GetItem(order, i));
        meet(scratch, node);
        most += operands_of(node->x_shape, node->x.many) + operands_of(node->y_shape, node->y.many);
    }
    scratch->ordered = scratch->n;
    Kept *met = PyMem_Realloc(scratch->met, (size_t)(most + 1) * sizeof(Kept));
    if (met) scratch->met = met;
    if (all) scratch->arrived = PyMem_Malloc((size_t)(most + 1) * sizeof(Kept));
    if (!met || (all && !scratch->arrived)) return -1;
    while (PyDict_Next(seeds, &place, &key, &seed)) arrive(scratch, NODE(key), PyFloat_AsDouble(seed));
    return 0;
}

/* Keep what arrived, at all nodes or at those wanted, and put everything back. */
static void restore(Scratch *scratch, PyObject *wanted, double *numbers) {
    for (Py_ssize_t i = 0; i < scratch->arrivals; i++) scratch->arrived[i].number = scratch->arrived[i].node->grad;
    for (Py_ssize_t i = 0; wanted && i < PyList_Size(wanted); i++) {
        const Node *node = NODE(PyList_GetItem(wanted, i));
        numbers[i] = node->reached ? node->grad : 0.0;
    }
    for (Py_ssize_t i = 0; i < scratch->n; i++) {
        Node *node = scratch->met[i].node;
        node->grad = scratch->met[i].number;
        node->marked = node->reached = 0;
    }
}

static void scratch_free(Scratch *scratch) {
    PyMem_Free(scratch->met);
    PyMem_Free(scratch->arrived);
}

static inline void arrive_at_side(Scratch *scratch, const Side *side, const double *partials, double adjoint) {
    for (Py_ssize_t i = 0; side->values && i < side->n; i++)
        if (IS_NODE(side->operands[i]) && !is_off(partials[i]))
            arrive(scratch, NODE(side->operands[i]), adjoint * partials[i]);
}

static void reverse(Scratch *scratch) {
    for (Py_ssize_t i = scratch->ordered; i-- > 0;) {
        const Node *node = scratch->met[i].node;
        FETCH_AHEAD(node);
        if (!node->reached) continue;
        if (node->x_shape == OPEN) arrive(scratch, NODE(node->x.one), node->grad * node->px);
        else if (node->x_shape == MANY)
            arrive_at_side(scratch, node->x.many, (node->crossed ? node->y.many : node->x.many)->numbers, node->grad);
        if (node->y_shape == OPEN) arrive(scratch, NODE(node->y.one), node->grad * node->py);
        else if (node->y_shape == MANY)
            arrive_at_side(scratch, node->y.many, (node->crossed ? node->x.many : node->y.many)->numbers, node->grad);
    }
}

typedef struct { double sum; int moves; } Tangent;

static inline void move(Tangent *tangent, const PyObject *operand, double partial) {
    const Node *node = NODE(operand);
    if (!node->reached) return;
    tangent->sum = tangent->moves ? tangent->sum + partial * node->grad : partial * node->grad;
    tangent->moves = 1;
}

static inline void move_side(Tangent *tangent, const Side *side, const double *partials) {
    for (Py_ssize_t i = 0; side->values && i < side->n; i++)
        if (IS_NODE(side->operands[i]) && !is_off(partials[i])) move(tangent, side->operands[i], partials[i]);
}

static void forward(Scratch *scratch) {
    for (Py_ssize_t i = 0; i < scratch->ordered; i++) {
        Node *node = scratch->met[i].node;
        Tangent tangent = {0.0, 0};
        if (node->reached) continue; /* a seed */
        if (node->x_shape == OPEN) move(&tangent, node->x.one, node->px);
        else if (node->x_shape == MANY)
            move_side(&tangent, node->x.many, (node->crossed ? node->y.many : node->x.many)->numbers);
        if (node->y_shape == OPEN) move(&tangent, node->y.one, node->py);
        else if (node->y_shape == MANY)
            move_side(&tangent, node->y.many, (node->crossed ? node->x.many : node->y.many)->numbers);
        if (tangent.moves) arrive(scratch, node, tangent.sum);
    }
}

static PyObject *as_dict(const Scratch *scratch) {
    PyObject *dict = PyDict_New();
    for (Py_ssize_t i = 0; dict && i < scratch->arrivals; i++) {
        PyObject *number = PyFloat_FromDouble(scratch->arrived[i].number);
        if (!number || PyDict_SetItem(dict, (PyObject *)scratch->arrived[i].node, number)) Py_CLEAR(dict);
        Py_XDECREF(number);
    }
    return dict;
}

static PyObject *as_floats(const double *numbers, Py_ssize_t n) {
    PyObject *list = PyList_New(n);
    for (Py_ssize_t i = 0; list && i < n; i++) {
        PyObject *number = PyFloat_FromDouble(numbers[i]);
        if (!number) Py_CLEAR(list);
        else PyList_SetItem(list, i, number);
    }
    return list;
}

int are_nodes(PyObject *list) {
    if (!PyList_CheckExact(list)) return 0;
    for (Py_ssize_t i = 0, n = PyList_Size(list); i < n; i++)
        if (!IS_NODE(PyList_GetItem(list, i))) return 0;
    return 1;
}

/* Are these a list of Values and a dict of floats by Values? */
static int are_sweepable(PyObject *order, PyObject *seeds) {
    PyObject *key, *seed;
    Py_ssize_t place = 0;
    if (!are_nodes(order) || !PyDict_CheckExact(seeds)) return 0;
    while (PyDict_Next(seeds, &place, &key, &seed))
        if (!IS_NODE(key) || !PyFloat_CheckExact(seed)) return 0;
    return 1;
}

/* adjoints(order, seeds) and tangents(order, seeds): a dict in the order of arrival; with a third argument, a list of
   Values, a list of what arrived at these, 0 where nothing did. None: the general way. */
static PyObject *swept(PyObject *const *a, Py_ssize_t n, int backwards) {
    PyObject *wanted = n == 3 ? a[2] : NULL;
    const int by_python = n < 2 || n > 3 || (backwards && in_force(ANOMALY));
    if (by_python || !are_sweepable(a[0], a[1]) || (wanted && !are_nodes(wanted))) Py_RETURN_NONE;
    Scratch scratch = {NULL, NULL, 0, 0, 0};
    Py_ssize_t asked = wanted ? PyList_Size(wanted) : 0;
    double *numbers = PyMem_Malloc((size_t)(asked + 1) * sizeof *numbers);
    int failed = !numbers || prepare(&scratch, a[0], a[1], !wanted);
    if (!failed) (backwards ? reverse : forward)(&scratch);
    restore(&scratch, failed ? NULL : wanted, numbers);
    PyObject *answer = failed ? PyErr_NoMemory() : wanted ? as_floats(numbers, asked) : as_dict(&scratch);
    scratch_free(&scratch);
    PyMem_Free(numbers);
    return answer;
}
static PyObject *adjoints(PyObject *Py_UNUSED(module), PyObject *const *a, Py_ssize_t n) { return swept(a, n, 1); }
static PyObject *tangents(PyObject *Py_UNUSED(module), PyObject *const *a, Py_ssize_t n) { return swept(a, n, 0); }

/* The adjoint of each node in order where the root's is 1, OFF where nothing arrives. */
int adjoints_of(PyObject *order, PyObject *root, double *numbers) {
    Scratch scratch = {NULL, NULL, 0, 0, 0};
    PyObject *seeds = PyDict_New(), *one = PyFloat_FromDouble(1.0);
    int failed = !seeds || !one || PyDict_SetItem(seeds, root, one) || prepare(&scratch, order, seeds, 0);
    if (failed) PyErr_NoMemory();
    else reverse(&scratch);
    for (Py_ssize_t i = 0; !failed && i < PyList_Size(order); i++) {
        const Node *node = NODE(PyList_GetItem(order, i));
        numbers[i] = node->reached ? node->grad : off();
    }
    restore(&scratch, NULL, NULL);
    scratch_free(&scratch);
    Py_XDECREF(seeds);
    Py_XDECREF(one);
    return failed ? -1 : 0;
}

PyMethodDef sweep_functions[] = {
    {"order", (PyCFunction)(void (*)(void))order, METH_FASTCALL, "order(roots, seen, stop)"},
    {"adjoints", (PyCFunction)(void (*)(void))adjoints, METH_FASTCALL, "adjoints(order, seeds, wanted), or None."},
    {"tangents", (PyCFunction)(void (*)(void))tangents, METH_FASTCALL, "tangents(order, seeds, wanted), or None."},
    {NULL, NULL, 0, NULL},
};
