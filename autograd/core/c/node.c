/* The type of nodes: how one is made and freed, and how Python sees it. */
#include "node.h"

PyTypeObject *value_type, *row_type;

/* ---- several operands ---- */

Side *side_new(Py_ssize_t n, Py_ssize_t numbers) {
    Side *side = PyMem_Malloc(offsetof(Side, operands) + (size_t)n * sizeof(PyObject *) + (size_t)numbers * sizeof(double));
    if (!side) {
        PyErr_NoMemory();
        return NULL;
    }
    side->references = 1;
    side->home = NULL;
    side->n = side->values = 0; /* operands are counted in as they are put there */
    side->numbers = (double *)(side->operands + n);
    return side;
}

void side_drop(Side *side) {
    if (--side->references) return;
    if (side->home) *side->home = NULL;
    for (Py_ssize_t i = 0; i < side->n; i++) Py_DECREF(side->operands[i]);
    PyMem_Free(side);
}

/* ---- freeing ---- */

static Node *waiting;
static int freeing;

/* One at a time, in a queue: a chain of a million nodes takes no more of the stack than one. */
static void node_dealloc(PyObject *self) {
    Node *node = NODE(self);
    if (node->weak_references) PyObject_ClearWeakRefs(self);
    node->next = waiting;
    waiting = node;
    if (freeing) return;
    freeing = 1;
    while ((node = waiting)) {
        waiting = node->next;
        PyTypeObject *type = Py_TYPE((PyObject *)node);
        if (node->x_shape == MANY) side_drop(node->x.many);
        else Py_XDECREF(node->x.one);
        if (node->y_shape == MANY) side_drop(node->y.many);
        else Py_XDECREF(node->y.one);
        Py_XDECREF(node->row);
        Py_XDECREF(node->label);
        if (type == value_type) node_free(node);
        else ((freefunc)PyType_GetSlot(type, Py_tp_free))(node);
        Py_DECREF(type);
    }
    freeing = 0;
}

/* ---- leaves ---- */

void make_leaf(Node *node) {
    const Node old = *node;
    node->x_shape = node->y_shape = NOTHING;
    node->crossed = 0;
    node->x.one = node->y.one = node->row = NULL;
    if (old.x_shape == MANY) side_drop(old.x.many);
    else Py_XDECREF(old.x.one);
    if (old.y_shape == MANY) side_drop(old.y.many);
    else Py_XDECREF(old.y.one);
    Py_XDECREF(old.row);
}

static PyObject *node_alloc(PyTypeObject *type, PyObject *Py_UNUSED(arguments), PyObject *Py_UNUSED(keywords)) {
    if (type == value_type) return (PyObject *)node_new(0.0, NULL);
    return ((allocfunc)PyType_GetSlot(type, Py_tp_alloc))(type, 0);
}

static int node_init(PyObject *self, PyObject *arguments, PyObject *keywords) {
    PyObject *first = PyTuple_Size(arguments) == 1 ? PyTuple_GetItem(arguments, 0) : NULL;
    if (first && !keywords && PyFloat_CheckExact(first) && NODE(self)->x_shape == NOTHING) {
        NODE(self)->data = PyFloat_AsDouble(first);
        changes++;
        return 0;
    }
    Py_ssize_t n = PyTuple_Size(arguments);
    PyObject *all = PyTuple_New(n + 1), *answer;
    if (!all) return -1;
    PyTuple_SetItem(all, 0, Py_NewRef(self));
    for (Py_ssize_t i = 0; i < n; i++) PyTuple_SetItem(all, i + 1, Py_NewRef(PyTuple_GetItem(arguments, i)));
    answer = PyObject_Call(python.init, all, keywords);
    Py_DECREF(all);
    Py_XDECREF(answer);
    return answer ? 0 : -1;
}

/* ---- recording a node for Python: record(row, data, x, y, px, py[, subclass]) ---- */

static double partial(PyObject *given) {
    double number = given == Py_None ? off() : PyFloat_AsDouble(given);
    return given != Py_None && is_off(number) ? (double)Py_NAN : number;
}

static int side_of_many(PyObject *operands, PyObject *partials, Side **side) {
    Py_ssize_t n = PyTuple_Size(operands);
    if (partials != Py_None && !((PyTuple_Check(partials) || PyList_Check(partials)) && PySequence_Size(partials) == n)) {
        PyErr_SetString(PyExc_TypeError, "record: one partial for each operand");
        return -1;
    }
    if (!(*side = side_new(n, n))) return -1;
    for (Py_ssize_t i = 0; i < n; i++) {
        PyObject *operand = PyTuple_GetItem(operands, i);
        (*side)->numbers[i] = off();
        if (IS_NODE(operand)) {
            PyObject *given = partials == Py_None ? Py_NewRef(Py_None) : PySequence_GetItem(partials, i);
            if (given) (*side)->numbers[i] = partial(given);
            Py_XDECREF(given);
            (*side)->values++;
        }
        (*side)->operands[(*side)->n++] = Py_NewRef(operand);
    }
    return PyErr_Occurred() ? -1 : 0;
}

static int side_of_one(PyObject *operand, PyObject *given, PyObject **one, double *number, uint8_t *shape) {
    if (operand == Py_None) return 0;
    *one = Py_NewRef(operand);
    *shape = !IS_NODE(operand) ? CONSTANT : given == Py_None ? SHUT : OPEN;
    if (*shape == OPEN) *number = PyFloat_AsDouble(given);
    return PyErr_Occurred() ? -1 : 0;
}

PyObject *node_record(PyObject *Py_UNUSED(module), PyObject *const *a, Py_ssize_t n) {
    if (n < 6 || n > 7 || (n == 7 && !PyType_Check(a[6]))) {
        PyErr_SetString(PyExc_TypeError, "record(row, data, x, y, px, py)");
        return NULL;
    }
    double data = PyFloat_AsDouble(a[1]);
    if (data == -1.0 && PyErr_Occurred()) return NULL;
    Node *node = NODE(n == 7 ? node_alloc((PyTypeObject *)a[6], NULL, NULL) : (PyObject *)node_new(data, NULL));
    if (!node) return NULL;
    node->data = data;
    node->row = Py_NewRef(a[0]);
    int failed;
    if (PyTuple_Check(a[2])) {
        failed = side_of_many(a[2], a[4], &node->x.many);
        node->x_shape = node->x.many ? MANY : NOTHING;
    } else failed = side_of_one(a[2], a[4], &node->x.one, &node->px, &node->x_shape);
    if (!failed && PyTuple_Check(a[3])) {
        failed = side_of_many(a[3], a[5], &node->y.many);
        node->y_shape = node->y.many ? MANY : NOTHING;
    } else if (!failed) failed = side_of_one(a[3], a[5], &node->y.one, &node->py, &node->y_shape);
    if (failed) Py_CLEAR(node);
    return watched(node);
}

/* ---- attributes ---- */

static PyObject *get_data(PyObject *self, void *Py_UNUSED(closure)) {
    if (in_force(TRACING)) return PyObject_CallFunctionObjArgs(python.get_data, self, NULL);
    return PyFloat_FromDouble(NODE(self)->data);
}

static int by_python(PyObject *setter, PyObject *self, PyObject *value) {
    PyObject *answer = PyObject_CallFunctionObjArgs(setter, self, value, NULL);
    Py_XDECREF(answer);
    return answer ? 0 : -1;
}

static int missing(PyObject *value, const char *name) {
    if (!value) PyErr_SetString(PyExc_AttributeError, name);
    return !value;
}

static int set_data(PyObject *self, PyObject *value, void *Py_UNUSED(closure)) {
    if (missing(value, "data")) return -1;
    if (in_force(TRACING) || !PyFloat_CheckExact(value)) return by_python(python.set_data, self, value);
    NODE(self)->data = PyFloat_AsDouble(value);
    changes++;
    return 0;
}

static PyObject *get_number(PyObject *self, void *Py_UNUSED(closure)) { return PyFloat_FromDouble(NODE(self)->data); }

static int set_number(PyObject *self, PyObject *value, void *Py_UNUSED(closure)) {
    if (missing(value, "_data")) return -1;
    double number = PyFloat_AsDouble(value);
    if (number == -1.0 && PyErr_Occurred()) return -1;
    NODE(self)->data = number;
    changes++;
    return 0;
}

static PyObject *get_grad(PyObject *self, void *closure) {
    if (!closure && in_force(TRACING)) return PyObject_CallFunctionObjArgs(python.get_grad, self, NULL);
    return NODE(self)->written ? PyFloat_FromDouble(NODE(self)->grad) : Py_NewRef(python.not_computed);
}

static int set_grad(PyObject *self, PyObject *value, void *closure) {
    if (missing(value, "grad")) return -1;
    if (!closure && !PyFloat_CheckExact(value)) return by_python(python.set_grad, self, value);
    double number = PyFloat_AsDouble(value);
    if (number == -1.0 && PyErr_Occurred()) return -1;
    NODE(self)->written = value != python.not_computed;
    NODE(self)->grad = number;
    return 0;
}

static PyObject *get_label(PyObject *self, void *Py_UNUSED(closure)) {
    PyObject *label = NODE(self)->label;
    return label ? Py_NewRef(label) : PyUnicode_FromString("");
}

static int set_label(PyObject *self, PyObject *value, void *Py_UNUSED(closure)) {
    if (missing(value, "label")) return -1;
    if (!PyUnicode_Check(value)) return by_python(python.set_label, self, value);
    PyObject *label = PyUnicode_FromObject(value); /* exactly a str, which can hold no reference back to this node */
    if (!label) return -1;
    PyObject *before = NODE(self)->label;
    NODE(self)->label = label;
    Py_XDECREF(before);
    return 0;
}

static PyObject *or_none(PyObject *object) { return Py_NewRef(object ? object : Py_None); }

static PyObject *get_row(PyObject *self, void *Py_UNUSED(closure)) { return or_none(NODE(self)->row); }

static PyObject *operands(uint8_t shape, PyObject *one, Side *many) {
    if (shape != MANY) return or_none(shape == NOTHING ? NULL : one);
    PyObject *tuple = PyTuple_New(many->n);
    for (Py_ssize_t i = 0; tuple && i < many->n; i++) PyTuple_SetItem(tuple, i, Py_NewRef(many->operands[i]));
    return tuple;
}

static PyObject *partials(uint8_t shape, double one, Side *many, const double *numbers) {
    if (shape != MANY) return shape == OPEN ? PyFloat_FromDouble(one) : or_none(NULL);
    PyObject *tuple = PyTuple_New(many->n);
    for (Py_ssize_t i = 0; tuple && i < many->n; i++) {
        int passes = IS_NODE(many->operands[i]) && !is_off(numbers[i]);
        PyObject *number = passes ? PyFloat_FromDouble(numbers[i]) : or_none(NULL);
        if (!number) Py_CLEAR(tuple);
        else PyTuple_SetItem(tuple, i, number);
    }
    return tuple;
}

static PyObject *get_x(PyObject *self, void *Py_UNUSED(closure)) {
    Node *n = NODE(self);
    return operands(n->x_shape, n->x.one, n->x.many);
}
static PyObject *get_y(PyObject *self, void *Py_UNUSED(closure)) {
    Node *n = NODE(self);
    return operands(n->y_shape, n->y.one, n->y.many);
}

static Py_ssize_t count(uint8_t shape, const Side *many) { return shape == MANY ? many->n : shape != NOTHING; }

static PyObject *get_arguments(PyObject *self, void *Py_UNUSED(closure)) {
    Node *n = NODE(self);
    Py_ssize_t xs = count(n->x_shape, n->x.many), ys = count(n->y_shape, n->y.many);
    PyObject *tuple = PyTuple_New(xs + ys);
    for (Py_ssize_t i = 0; tuple && i < xs; i++)
        PyTuple_SetItem(tuple, i, Py_NewRef(n->x_shape == MANY ? n->x.many->operands[i] : n->x.one));
    for (Py_ssize_t i = 0; tuple && i < ys; i++)
        PyTuple_SetItem(tuple, xs + i, Py_NewRef(n->y_shape == MANY ? n->y.many->operands[i] : n->y.one));
    return tuple;
}
static PyObject *get_px(PyObject *self, void *Py_UNUSED(closure)) {
    Node *n = NODE(self);
    return partials(n->x_shape, n->px, n->x.many, n->x_shape == MANY ? (n->crossed ? n->y.many : n->x.many)->numbers : NULL);
}
static PyObject *get_py(PyObject *self, void *Py_UNUSED(closure)) {
    Node *n = NODE(self);
    return partials(n->y_shape, n->py, n->y.many, n->y_shape == MANY ? (n->crossed ? n->x.many : n->y.many)->numbers : NULL);
}

/* Only what `Value.__init__` does is allowed: a node that is made anew becomes a leaf. */
static int set_side(PyObject *self, PyObject *value, void *Py_UNUSED(closure)) {
    if (value != Py_None) {
        PyErr_SetString(PyExc_AttributeError, "what a Value was made of cannot be changed");
        return -1;
    }
    make_leaf(NODE(self));
    return 0;
}

static PyGetSetDef attributes[] = {
    {"data", get_data, set_data, "The number. TypeError where it would be frozen into a function that is being compiled.", NULL},
    {"_data", get_number, set_number, NULL, NULL},
    {"grad", get_grad, set_grad, "d root / d self, written by root.backward().", NULL},
    {"_grad", get_grad, set_grad, NULL, (void *)1},
    {"label", get_label, set_label, "The name it is printed with.", NULL},
    {"_row", get_row, set_side, NULL, NULL},
    {"_x", get_x, set_side, NULL, NULL},
    {"_y", get_y, set_side, NULL, NULL},
    {"_arguments", get_arguments, NULL, NULL, NULL},
    {"_px", get_px, set_side, NULL, NULL},
    {"_py", get_py, set_side, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};
static PyMemberDef members[] = {
    {"__weaklistoffset__", T_PYSSIZET, offsetof(Node, weak_references), READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};
static PyMethodDef methods[] = {
    {"backward", (PyCFunction)(void (*)(void))backward, METH_VARARGS | METH_KEYWORDS, NULL},
    {NULL, NULL, 0, NULL},
};

/* By identity; in a trace Python may refuse: there a computed Value is found in no dict. */
static Py_hash_t node_hash(PyObject *self) {
    if (NODE(self)->row && in_force(TRACING)) {
        PyObject *answer = PyObject_CallFunctionObjArgs(python.look_up, self, NULL);
        if (!answer) return -1;
        Py_DECREF(answer);
    }
    size_t address = (size_t)self;
    return (Py_hash_t)(address >> 4 | address << (8 * sizeof address - 4));
}

int node_types(PyObject *module) {
    PyType_Slot value_slots[24] = {
        {Py_tp_doc, "Value(data, label=\"\")\n--\n\n"},
        {Py_tp_dealloc, node_dealloc},
        {Py_tp_new, node_alloc},
        {Py_tp_init, node_init},
        {Py_tp_getset, attributes},
        {Py_tp_members, members},
        {Py_tp_methods, methods},
        {Py_tp_hash, node_hash},
    };
    for (int i = 8, k = 0; arithmetic_slots[k].slot; i++, k++) value_slots[i] = arithmetic_slots[k];
    PyType_Slot row_slots[] = {{Py_tp_call, row_call}, {0, NULL}};
    PyType_Spec value = {"autograd.core.value.Value", sizeof(Node), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, value_slots};
    PyType_Spec row = {
        "autograd.core._engine.Row", sizeof(PyObject) + 2 * sizeof(int), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, row_slots};
    if (!(value_type = (PyTypeObject *)PyType_FromSpec(&value))) return -1;
    if (!(row_type = (PyTypeObject *)PyType_FromSpec(&row))) return -1;
    if (PyModule_AddObjectRef(module, "Value", (PyObject *)value_type)) return -1;
    return PyModule_AddObjectRef(module, "Row", (PyObject *)row_type);
}
