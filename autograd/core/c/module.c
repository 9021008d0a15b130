/* The module autograd.core._engine: what connects the engine with Python, and many Values at once. */
#include "node.h"

Definitions python;
int64_t changes;

/* ---- modes ---- */

Mode modes[MODES];
static PyObject *blocks; /* of all contexts: whether each lasts */

static int lasts(PyObject *block) {
    PyObject *answer = PyObject_CallNoArgs(block);
    if (answer) Py_DECREF(answer);
    else PyErr_Clear();
    return answer == Py_True;
}

static int all_last(void) {
    for (Py_ssize_t i = 0; i < PyTuple_Size(blocks); i++)
        if (!lasts(PyTuple_GetItem(blocks, i))) return 0;
    return 1;
}

enum Force force_of(const Mode *mode) {
    enum Force force = UNSURE;
    PyObject *around = PyObject_CallNoArgs(mode->around);
    const Py_ssize_t n = around ? PyTuple_Size(around) : -1;
    if (n > 0) {
        PyObject *innermost = PyTuple_GetItem(around, n - 1), *set = PyTuple_GetItem(innermost, 0);
        if (lasts(PyTuple_GetItem(innermost, 1))) force = set == Py_None || set == Py_False ? OUT_OF_FORCE : IN_FORCE;
    } else if (n == 0 && all_last()) force = OUT_OF_FORCE;
    if (around) Py_DECREF(around);
    else PyErr_Clear(); /* no memory: Python asks again */
    return force;
}

/* `watched` of value.py, but that it leaves to it what is not common. */
PyObject *as_modes_have_it(PyObject *node) {
    const enum Force no_grad = in_force(NO_GRAD);
    if (no_grad == UNSURE || in_force(ANOMALY) || (no_grad && (in_force(TRACING) || Py_TYPE(node) != value_type))) {
        PyObject *answer = PyObject_CallFunctionObjArgs(python.watched, node, NULL);
        Py_DECREF(node);
        return answer;
    }
    if (no_grad) make_leaf(NODE(node));
    return node;
}

static PyObject *set_modes(PyObject *Py_UNUSED(module), PyObject *arguments) {
    Mode given[MODES];
    PyObject *all, *before = blocks;
    if (!PyArg_ParseTuple(arguments, "O!(Ol)(Ol)(Ol)", &PyTuple_Type, &all, &given[NO_GRAD].around, &given[NO_GRAD].on,
                          &given[TRACING].around, &given[TRACING].on, &given[ANOMALY].around, &given[ANOMALY].on))
        return NULL;
    for (int i = 0; i < MODES; i++) {
        Py_INCREF(given[i].around); /* for as long as the process lives, or the next is given */
        Py_XDECREF(modes[i].around);
        modes[i] = given[i];
    }
    blocks = Py_NewRef(all);
    Py_XDECREF(before);
    Py_RETURN_NONE;
}

/* ---- many Values at once ---- */

static Py_ssize_t size_of(PyObject *o) {
    return PyList_CheckExact(o) ? PyList_Size(o) : PyTuple_CheckExact(o) ? PyTuple_Size(o) : -1;
}
static PyObject *item(PyObject *o, Py_ssize_t i) { return PyList_CheckExact(o) ? PyList_GetItem(o, i) : PyTuple_GetItem(o, i); }

/* Are all of them Values, in a list or a tuple? */
static int are_values(PyObject *o) {
    Py_ssize_t n = size_of(o);
    for (Py_ssize_t i = 0; i < n; i++)
        if (!IS_NODE(item(o, i))) return 0;
    return n >= 0;
}

/* Two of one length: Values, and what each is to be given, of the type asked for. */
static int fit(PyObject *values, PyObject *given, int (*right)(PyObject *)) {
    Py_ssize_t n = size_of(given);
    if (n < 0 || n != size_of(values) || !are_values(values)) return 0;
    for (Py_ssize_t i = 0; i < n; i++)
        if (!right(item(given, i))) return 0;
    return 1;
}
static int is_float(PyObject *o) { return PyFloat_CheckExact(o); }
static int is_text(PyObject *o) { return PyUnicode_CheckExact(o); }

/* The n doubles of a contiguous buffer such as an array's, to be released; NULL where it is another thing. */
static double *doubles(PyObject *o, Py_ssize_t n, int flags, Py_buffer *view) {
    if (n < 0 || !PyObject_CheckBuffer(o)) return NULL;
    if (PyObject_GetBuffer(o, view, flags | PyBUF_FORMAT | PyBUF_C_CONTIGUOUS)) {
        PyErr_Clear();
        return NULL;
    }
    if (view->ndim == 1 && view->len == n * (Py_ssize_t)sizeof(double) && view->format && !strcmp(view->format, "d")) return view->buf;
    PyBuffer_Release(view);
    return NULL;
}

static PyObject *numbers(PyObject *Py_UNUSED(module), PyObject *values) {
    if (in_force(TRACING) || !are_values(values)) Py_RETURN_NONE;
    Py_ssize_t n = size_of(values);
    PyObject *list = PyList_New(n);
    for (Py_ssize_t i = 0; list && i < n; i++) {
        PyObject *number = PyFloat_FromDouble(NODE(item(values, i))->data);
        if (!number) Py_CLEAR(list);
        else PyList_SetItem(list, i, number);
    }
    return list;
}

static PyObject *read_into(PyObject *Py_UNUSED(module), PyObject *const *a, Py_ssize_t n) {
    Py_buffer view;
    double *to = n == 2 && !in_force(TRACING) && are_values(a[0]) ? doubles(a[1], size_of(a[0]), PyBUF_WRITABLE, &view) : NULL;
    if (!to) Py_RETURN_FALSE;
    for (Py_ssize_t i = 0; i < size_of(a[0]); i++) to[i] = NODE(item(a[0], i))->data;
    PyBuffer_Release(&view);
    Py_RETURN_TRUE;
}

static PyObject *assign(PyObject *Py_UNUSED(module), PyObject *const *a, Py_ssize_t n) {
    if (n != 2 || in_force(TRACING) || !are_values(a[0])) Py_RETURN_FALSE;
    Py_buffer view;
    double *data = doubles(a[1], size_of(a[0]), 0, &view);
    if (data) {
        for (Py_ssize_t i = 0; i < size_of(a[0]); i++) NODE(item(a[0], i))->data = data[i];
        PyBuffer_Release(&view);
        changes++;
        Py_RETURN_TRUE;
    }
    if (!fit(a[0], a[1], is_float)) Py_RETURN_FALSE;
    for (Py_ssize_t i = 0; i < size_of(a[0]); i++) NODE(item(a[0], i))->data = PyFloat_AsDouble(item(a[1], i));
    changes++;
    Py_RETURN_TRUE;
}

/* As a sweep does: leaves add, the nodes between hold this sweep's alone. */
static PyObject *write_gradients(PyObject *Py_UNUSED(module), PyObject *const *a, Py_ssize_t n) {
    if (n != 2 || !fit(a[0], a[1], is_float)) {
        PyErr_SetString(PyExc_TypeError, "write_gradients(Values, floats), as many");
        return NULL;
    }
    for (Py_ssize_t i = 0; i < size_of(a[0]); i++) {
        Node *node = NODE(item(a[0], i));
        const double total = PyFloat_AsDouble(item(a[1], i));
        node->grad = node->row ? total : node->grad + total;
        node->written = 1;
    }
    Py_RETURN_NONE;
}


static PyObject *name(PyObject *Py_UNUSED(module), PyObject *const *a, Py_ssize_t n) {
    if (n != 2 || !fit(a[0], a[1], is_text)) Py_RETURN_FALSE;
    for (Py_ssize_t i = 0; i < size_of(a[0]); i++) {
        Node *node = NODE(item(a[0], i));
        PyObject *before = node->label;
        node->label = Py_NewRef(item(a[1], i));
        Py_XDECREF(before);
    }
    Py_RETURN_TRUE;
}

/* ---- the connection ---- */

static PyObject *connect(PyObject *Py_UNUSED(module), PyObject *arguments, PyObject *keywords) {
    static char *names[] = {"table", "operator", "unary", "call", "backward", "init", "get_data", "set_data",
                            "get_grad", "set_grad", "set_label", "argument", "watched", "look_up", "not_computed", NULL};
    PyObject *table;
    Definitions p;
    if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "O!OOOOOOOOOOOOOO", names, &PyDict_Type, &table, &p.operator, &p.unary,
                                     &p.call, &p.backward, &p.init, &p.get_data, &p.set_data, &p.get_grad, &p.set_grad, &p.set_label, &p.argument, &p.watched,
                                     &p.look_up, &p.not_computed))
        return NULL;
    PyObject *all[] = {p.operator, p.unary, p.call, p.backward, p.init, p.get_data, p.set_data, p.get_grad, p.set_grad, p.set_label, p.argument, p.watched,
                       p.look_up, p.not_computed};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) Py_INCREF(all[i]); /* for as long as the process lives */
    python = p;
    if (arithmetic_connect(table)) return NULL;
    Py_RETURN_NONE;
}

/* Where the count is, for machine code that reads numbers. */
static PyObject *changes_at(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(unused)) { return PyLong_FromVoidPtr(&changes); }

/* And where a node's number is in the node. */
static PyObject *data_at(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(unused)) { return PyLong_FromSize_t(offsetof(Node, data)); }

PyMethodDef bulk_functions[] = {
    {"connect", (PyCFunction)(void (*)(void))connect, METH_VARARGS | METH_KEYWORDS, "Hand over the table and the definitions."},
    {"set_modes", set_modes, METH_VARARGS, "set_modes(blocks, no_grad, tracing, anomaly): whether each block lasts, of all contexts; and of each mode the `get` of its variable, and how many of the blocks switch it on."},
    {"record", (PyCFunction)(void (*)(void))node_record, METH_FASTCALL, "record(row, data, x, y, px, py)"},
    {"changes_at", changes_at, METH_NOARGS, "The address of a 64-bit count of how often a Value's number was set."},
    {"data_at", data_at, METH_NOARGS, "The offset of a Value's number in the Value."},
    {"numbers", numbers, METH_O, "The data of Values, or None."},
    {"read_into", (PyCFunction)(void (*)(void))read_into, METH_FASTCALL, "read_into(values, array): was it done?"},
    {"assign", (PyCFunction)(void (*)(void))assign, METH_FASTCALL, "assign(values, data): was it done?"},
    {"write_gradients", (PyCFunction)(void (*)(void))write_gradients, METH_FASTCALL, "write_gradients(values, totals) of a sweep, at once."},
    {"name", (PyCFunction)(void (*)(void))name, METH_FASTCALL, "name(values, labels): was it done?"},
    {NULL, NULL, 0, NULL},
};
static PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "autograd.core._engine", "The node and its sweeps, in C.", -1, NULL, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__engine(void);
PyMODINIT_FUNC PyInit__engine(void) {
    PyObject *module = PyModule_Create(&definition);
    if (!module) return NULL;
    if (node_types(module) || PyModule_AddFunctions(module, bulk_functions) || PyModule_AddFunctions(module, memory_functions) ||
        PyModule_AddFunctions(module, arithmetic_functions) || PyModule_AddFunctions(module, sweep_functions) ||
        PyModule_AddFunctions(module, second_functions))
        Py_CLEAR(module);
    return module;
}
