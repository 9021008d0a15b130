/* The rows of the table as operators, methods and functions; dots and sums.
 *
 * The rules come from the table (rules.h). What is not a Value, a float or an int goes to the Python definition. */
#include "node.h"
#include "rules.h"

enum Rule {
#define X(name, arity, having, second) R_##name,
    RULES(X)
#undef X
    RULE_COUNT
};
typedef double (*Evaluate)(const double *at, unsigned wanted, double *partials);
static const struct { const char *name; int arity; unsigned having; Evaluate evaluate; } rules[] = {
#define X(name, arity, having, second) {#name, arity, having, at_##name},
    RULES(X)
#undef X
};
static PyObject *rows[RULE_COUNT], *row_dot, *row_sum;
static uint8_t masks[RULE_COUNT]; /* where the partial of such a row is 0, nothing passes */

int rule_of(const Node *node) { return node->row && PyObject_TypeCheck(node->row, row_type) ? ((Row *)node->row)->rule - 1 : -1; }
int is_sum(const Node *node) { return node->row == row_sum; }

#if defined(__GNUC__)
#define INLINE static inline __attribute__((always_inline))
#elif defined(_MSC_VER)
#define INLINE static __forceinline
#else
#define INLINE static inline
#endif

enum Kind { OTHER, VALUE, FLOAT, INT };

INLINE enum Kind read_number(PyObject *o, double *number) {
    if (IS_VALUE(o)) {
        *number = NODE(o)->data;
        return VALUE;
    }
    if (PyFloat_CheckExact(o)) {
        *number = PyFloat_AsDouble(o);
        return FLOAT;
    }
    if (!PyLong_CheckExact(o)) return OTHER;
    *number = PyLong_AsDouble(o);
    if (*number != -1.0 || !PyErr_Occurred()) return INT;
    PyErr_Clear(); /* too large: the Python definition says so */
    return OTHER;
}

/* An operand as a node keeps it: an int as the float that it is. */
INLINE PyObject *kept(PyObject *o, enum Kind kind, double number) {
    return kind == INT ? PyFloat_FromDouble(number) : Py_NewRef(o);
}

INLINE uint8_t shape_of(int rule, int i, enum Kind kind, double partial) {
    if (kind != VALUE) return CONSTANT;
    return !(rules[rule].having & (1u << i)) || (masks[rule] && partial == 0.0) ? SHUT : OPEN;
}

INLINE PyObject *unary(int rule, PyObject *a) {
    double x, p = 0.0, z;
    if (!IS_VALUE(a)) return PyObject_CallFunctionObjArgs(python.unary, rows[rule], a, NULL);
    x = NODE(a)->data;
    z = rules[rule].evaluate(&x, 1u, &p);
    Node *node = node_new(z, rows[rule]);
    if (!node) return NULL;
    node->x.one = Py_NewRef(a);
    node->px = p;
    node->x_shape = shape_of(rule, 0, VALUE, p);
    return watched(node);
}

INLINE PyObject *binary(int rule, PyObject *a, PyObject *b) {
    double at[2], p[2] = {0.0, 0.0};
    enum Kind ka, kb;
    if (!(ka = read_number(a, at)) || !(kb = read_number(b, at + 1)) || (ka != VALUE && kb != VALUE))
        return PyObject_CallFunctionObjArgs(python.operator, rows[rule], a, b, NULL);
    double z = rules[rule].evaluate(at, (unsigned)(ka == VALUE) | (unsigned)(kb == VALUE) << 1, p);
    Node *node = node_new(z, rows[rule]);
    if (!node) return NULL;
    node->px = p[0];
    node->py = p[1];
    node->x_shape = shape_of(rule, 0, ka, p[0]);
    node->y_shape = shape_of(rule, 1, kb, p[1]);
    node->x.one = kept(a, ka, at[0]);
    node->y.one = kept(b, kb, at[1]);
    if (!node->x.one || !node->y.one) Py_CLEAR(node);
    return watched(node);
}

/* A row of three operands, which are all on one side. NULL without an error: the Python definition knows. */
static PyObject *ternary(int rule, PyObject *arguments) {
    double at[MOST_OPERANDS], p[MOST_OPERANDS] = {0.0, 0.0, 0.0};
    enum Kind kinds[MOST_OPERANDS];
    unsigned wanted = 0;
    for (int i = 0; i < MOST_OPERANDS; i++) {
        if (!(kinds[i] = read_number(PyTuple_GetItem(arguments, i), at + i))) return NULL;
        wanted |= (unsigned)(kinds[i] == VALUE) << i;
    }
    if (!wanted) return NULL;
    double z = rules[rule].evaluate(at, wanted, p);
    Node *node = node_new(z, rows[rule]);
    if (!node) return NULL;
    Side *side = side_new(MOST_OPERANDS, MOST_OPERANDS);
    if (!side) {
        Py_DECREF(node);
        return NULL;
    }
    node->x.many = side;
    node->x_shape = MANY;
    for (int i = 0; i < MOST_OPERANDS; i++) {
        PyObject *operand = kept(PyTuple_GetItem(arguments, i), kinds[i], at[i]);
        if (!operand) {
            Py_DECREF(node);
            return NULL;
        }
        side->operands[side->n++] = operand;
        side->values += kinds[i] == VALUE;
        side->numbers[i] = shape_of(rule, i, kinds[i], p[i]) == OPEN ? (is_off(p[i]) ? (double)Py_NAN : p[i]) : off();
    }
    return watched(node);
}

/* A row of numbers only: a number. NULL without an error: the Python definition knows. */
static PyObject *of_floats(int rule, PyObject *arguments) {
    double at[MOST_OPERANDS], p[MOST_OPERANDS];
    for (int i = 0; i < rules[rule].arity; i++) {
        PyObject *x = PyTuple_GetItem(arguments, i);
        if (!PyFloat_CheckExact(x)) return NULL;
        at[i] = PyFloat_AsDouble(x);
    }
    return PyFloat_FromDouble(rules[rule].evaluate(at, 0u, p));
}

/* A row called as a function: exp(v). */
PyObject *row_call(PyObject *self, PyObject *arguments, PyObject *keywords) {
    int rule = ((Row *)self)->rule - 1;
    Py_ssize_t n = PyTuple_Size(arguments);
    if (rule >= 0 && !keywords && n == rules[rule].arity) {
        PyObject *first = PyTuple_GetItem(arguments, 0), *answer = NULL;
        if (n == 1 && IS_VALUE(first)) return unary(rule, first);
        if (n == 2) {
            PyObject *second = PyTuple_GetItem(arguments, 1);
            if (IS_VALUE(first) || IS_VALUE(second)) {
                answer = binary(rule, first, second);
                if (answer != Py_NotImplemented) return answer;
                Py_CLEAR(answer); /* an array: the Python definition says what to do about it */
            }
        }
        if (n == 3) answer = ternary(rule, arguments);
        if (!answer && !PyErr_Occurred()) answer = of_floats(rule, arguments);
        if (answer || PyErr_Occurred()) return answer;
    }
    PyObject *all = PyTuple_New(n + 1);
    if (!all) return NULL;
    PyTuple_SetItem(all, 0, Py_NewRef(self));
    for (Py_ssize_t i = 0; i < n; i++) PyTuple_SetItem(all, i + 1, Py_NewRef(PyTuple_GetItem(arguments, i)));
    PyObject *answer = PyObject_Call(python.call, all, keywords);
    Py_DECREF(all);
    return answer;
}

/* ---- operators and methods ---- */

static PyObject *operator_add(PyObject *a, PyObject *b) { return binary(R_add, a, b); }
static PyObject *operator_sub(PyObject *a, PyObject *b) { return binary(R_sub, a, b); }
static PyObject *operator_mul(PyObject *a, PyObject *b) { return binary(R_mul, a, b); }
static PyObject *operator_div(PyObject *a, PyObject *b) { return binary(R_div, a, b); }
static PyObject *operator_neg(PyObject *a) { return unary(R_neg, a); }
static PyObject *operator_abs(PyObject *a) { return unary(R_abs, a); }
static PyObject *operator_pow(PyObject *a, PyObject *b, PyObject *modulus) {
    if (modulus != Py_None) return Py_NewRef(Py_NotImplemented);
    return binary(R_pow, a, b);
}
PyType_Slot arithmetic_slots[] = {
    {Py_nb_add, operator_add},         {Py_nb_subtract, operator_sub}, {Py_nb_multiply, operator_mul},
    {Py_nb_true_divide, operator_div}, {Py_nb_power, operator_pow},    {Py_nb_negative, operator_neg},
    {Py_nb_absolute, operator_abs},    {0, NULL},
};

#define X(name, arity, having, second) \
    static PyObject *method_##name(PyObject *self, PyObject *Py_UNUSED(unused)) { return unary(R_##name, self); }
UNARY_RULES(X)
#undef X
static PyMethodDef methods[RULE_COUNT] = {
#define X(name, arity, having, second) [R_##name] = {#name, method_##name, METH_NOARGS, NULL},
    UNARY_RULES(X)
#undef X
};

/* method(row): the row as a method of Value, or None for one that has no rule in C or is not of one operand. */
static PyObject *method(PyObject *Py_UNUSED(module), PyObject *row) {
    int rule = PyObject_TypeCheck(row, row_type) ? ((Row *)row)->rule - 1 : -1;
    if (rule < 0 || rules[rule].arity != 1) Py_RETURN_NONE;
    PyObject *text = PyObject_GetAttrString(row, "__doc__"); /* kept for good, as the method is */
    methods[rule].ml_doc = text && text != Py_None ? PyUnicode_AsUTF8AndSize(text, NULL) : NULL;
    PyErr_Clear();
    return PyDescr_NewMethod(value_type, &methods[rule]);
}

/* ---- dots and sums ---- */

typedef struct { PyObject *sequence; Py_ssize_t n; int is_list; } Items;

static int items_of(PyObject *o, Items *items) {
    items->sequence = o;
    items->is_list = PyList_CheckExact(o);
    if (!items->is_list && !PyTuple_CheckExact(o)) return 0;
    items->n = items->is_list ? PyList_Size(o) : PyTuple_Size(o);
    return 1;
}
static inline PyObject *item(const Items *items, Py_ssize_t i) {
    return items->is_list ? PyList_GetItem(items->sequence, i) : PyTuple_GetItem(items->sequence, i);
}

/* Put an operand of a dot, a Value or a number, on its side. */
static int put(Side *side, PyObject *o, double *number) {
    enum Kind kind = read_number(o, number);
    PyObject *operand = kind ? kept(o, kind, *number) : NULL;
    if (!operand) return -1;
    side->operands[side->n++] = operand;
    side->values += kind == VALUE;
    return 0;
}

/* The inputs that a layer's dots share, and beside them their numbers and a 1, the partials of the weights and the bias.
   NULL without an error where one of them is neither a Value nor a float or an int. */
static Side *inputs_of(const Items *xs) {
    Side *side = side_new(xs->n, xs->n + 1);
    if (!side) return NULL;
    for (Py_ssize_t i = 0; i < xs->n; i++) {
        if (put(side, item(xs, i), side->numbers + i)) {
            side_drop(side);
            return NULL;
        }
    }
    side->numbers[xs->n] = 1.0;
    return side;
}

/* (w₁, …, wₙ, b) of a dot, and beside it the weights' numbers. The examples of a batch share one: the last made of a list
   is looked up, by where the list is, and is taken again if that holds the same and no Value's number was set meanwhile. */
static Side *weights_of(const Items *ws, PyObject *b) {
    static Side *homes[1 << 10];
    Side **home = homes + ((uintptr_t)ws->sequence >> 6) % (sizeof homes / sizeof *homes), *side = *home;
    if (side && side->changes == changes && side->n == ws->n + 1 && side->operands[ws->n] == b) {
        Py_ssize_t i = 0;
        while (i < ws->n && side->operands[i] == item(ws, i)) i++;
        if (i == ws->n) {
            side->references++;
            return side;
        }
    }
    if (!(side = side_new(ws->n + 1, ws->n))) return NULL;
    side->changes = changes; /* before the numbers are read */
    double bias;
    int failed = 0;
    for (Py_ssize_t i = 0; !failed && i < ws->n; i++) failed = put(side, item(ws, i), side->numbers + i);
    if (failed || put(side, b, &bias)) {
        side_drop(side);
        return NULL;
    }
    if (*home) (*home)->home = NULL;
    side->home = home;
    return *home = side;
}

/* b + Σ wᵢxᵢ, added from left to right. NULL without an error where an operand is something else than a Value or a
   number, or none is a Value. */
static PyObject *one_dot(const Items *ws, Side *inputs, PyObject *b) {
    double z;
    Side *side = read_number(b, &z) ? weights_of(ws, b) : NULL;
    if (!side) return NULL;
    const double *w = side->numbers, *x = inputs->numbers;
    for (Py_ssize_t i = 0; i < ws->n; i++) z += w[i] * x[i];
    Node *node = side->values || inputs->values ? node_new(z, row_dot) : NULL;
    if (!node) {
        side_drop(side);
        return NULL;
    }
    node->x.many = side;
    node->y.many = inputs;
    inputs->references++;
    node->x_shape = node->y_shape = MANY;
    node->crossed = 1;
    return (PyObject *)node;
}

/* affine(weights, xs, biases): a dot for each row of weights; None: the general way. */
static PyObject *affine(PyObject *Py_UNUSED(module), PyObject *const *a, Py_ssize_t n) {
    Items weights, xs, biases, ws;
    if (n != 3 || !items_of(a[0], &weights) || !items_of(a[1], &xs) || !items_of(a[2], &biases) ||
        weights.n != biases.n || xs.n == 0)
        Py_RETURN_NONE;
    Side *inputs = inputs_of(&xs);
    PyObject *zs = inputs ? PyList_New(weights.n) : NULL;
    for (Py_ssize_t i = 0; zs && i < weights.n; i++) {
        PyObject *z = items_of(item(&weights, i), &ws) && ws.n == xs.n ? one_dot(&ws, inputs, item(&biases, i)) : NULL;
        if (z) PyList_SetItem(zs, i, z);
        else Py_CLEAR(zs);
    }
    if (inputs) side_drop(inputs);
    for (Py_ssize_t i = 0; zs && i < weights.n; i++) { /* now that the lists given have been read: this may run Python code */
        PyObject *z = watched(NODE(Py_NewRef(PyList_GetItem(zs, i))));
        if (z) PyList_SetItem(zs, i, z);
        else Py_CLEAR(zs);
    }
    if (zs || PyErr_Occurred()) return zs;
    Py_RETURN_NONE;
}

/* total(xs): Σ xᵢ of a tuple of Values, from left to right from 0; None: the general way. */
static PyObject *total(PyObject *Py_UNUSED(module), PyObject *given) {
    Items xs;
    if (!items_of(given, &xs) || xs.n == 0) Py_RETURN_NONE;
    Side *side = side_new(xs.n, xs.n);
    if (!side) return NULL;
    double sum = 0.0;
    for (Py_ssize_t i = 0; i < xs.n; i++) {
        PyObject *x = item(&xs, i);
        if (!IS_VALUE(x)) {
            side_drop(side);
            Py_RETURN_NONE;
        }
        sum += NODE(x)->data;
        side->numbers[i] = 1.0;
        side->operands[side->n++] = Py_NewRef(x);
    }
    side->values = side->n;
    Node *node = node_new(sum, row_sum);
    if (!node) {
        side_drop(side);
        return NULL;
    }
    node->x.many = side;
    node->x_shape = MANY;
    return watched(node);
}

/* fingerprint(): of the texts that it was built from. */
static PyObject *fingerprint(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(unused)) {
    return PyLong_FromUnsignedLong(FINGERPRINT);
}

PyMethodDef arithmetic_functions[] = {
    {"fingerprint", fingerprint, METH_NOARGS, "Of the texts that it was built from."},
    {"method", method, METH_O, "method(row): the row as a method of Value, or None."},
    {"affine", (PyCFunction)(void (*)(void))affine, METH_FASTCALL, "affine(weights, xs, biases), or None."},
    {"total", total, METH_O, "total(xs): their sum, or None."},
    {NULL, NULL, 0, NULL},
};

/* Tie the rules to the rows of the table. */
int arithmetic_connect(PyObject *table) {
    for (int i = 0; i < RULE_COUNT; i++) {
        PyObject *row = PyDict_GetItemString(table, rules[i].name), *masked;
        if (!row || !PyObject_TypeCheck(row, row_type)) {
            PyErr_Format(PyExc_RuntimeError, "the table has no row %s: build the extension again", rules[i].name);
            return -1;
        }
        if (!(masked = PyObject_GetAttrString(row, "masked"))) return -1;
        masks[i] = (uint8_t)PyObject_IsTrue(masked);
        Py_DECREF(masked);
        rows[i] = Py_NewRef(row);
        ((Row *)row)->rule = i + 1;
    }
    row_dot = Py_XNewRef(PyDict_GetItemString(table, "dot"));
    row_sum = Py_XNewRef(PyDict_GetItemString(table, "sum"));
    return row_dot && row_sum ? 0 : -1;
}
