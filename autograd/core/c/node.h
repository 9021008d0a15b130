/* A node of the graph: a scalar that remembers how it was made, as value.py defines it.
 *
 * Nodes own their operands, and operands are older than results, so there are no cycles and the collector need not
 * look at them. A node has two sides. Each is one operand with its partial, or several: a `Side`, which the neurons of a
 * layer share. In a dot, (w…, b)·(x…, 1), each side's partials are the numbers of the other: `crossed`. */
#ifndef CHAINRULE_NODE_H
#define CHAINRULE_NODE_H

#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030b0000
#include <Python.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <structmember.h>

typedef struct Side {
    struct Side **home; /* where it is looked for by others that would be the same; NULL: nowhere */
    int64_t changes;    /* as it was when the numbers were read */
    Py_ssize_t references, n, values; /* `values` of its n operands are Values, the others floats */
    double *numbers;                  /* the partials, OFF where nothing passes; in a dot the operands' numbers */
    PyObject *operands[];
} Side;

enum Shape { NOTHING, CONSTANT, SHUT, OPEN, MANY }; /* SHUT: an operand to which nothing passes */

typedef struct Node {
    PyObject_HEAD
    double data;
    union { double grad; struct Node *next; }; /* next: in the queue of those to be freed, or among the freed */
    uint8_t x_shape, y_shape, crossed;
    uint8_t written;         /* has a sweep, or anyone, written grad? */
    uint8_t marked, reached; /* 0 but while a sweep runs */
    uint16_t place;          /* in its slab */
    union { PyObject *one; Side *many; } x, y;
    double px, py;
    PyObject *row, *label; /* NULL: a leaf; "" */
    PyObject *weak_references;
} Node;

typedef struct { PyObject_HEAD int rule; } Row; /* the base of Primitive: one more than its rule, 0 for none */
#define MOST_OPERANDS 3                         /* of a rule */

/* What Python has told us: the Python definitions to fall back on, and of each mode how many blocks switch it on, over all
   contexts, and the method that gives those of this context. */
typedef struct {
    PyObject *operator, *unary, *call, *backward, *init, *get_data, *set_data, *get_grad, *set_grad, *set_label, *argument, *watched, *look_up, *not_computed;
} Definitions;
enum { NO_GRAD, TRACING, ANOMALY, MODES };
typedef struct { PyObject *around; long on; } Mode;

extern PyTypeObject *value_type, *row_type;
extern Definitions python;
extern Mode modes[MODES];
extern int64_t changes; /* how often a node's number was set: as long as it is the same, so are all numbers */

#define IS_VALUE(o) (Py_TYPE(o) == value_type || (PyObject *)Py_TYPE(o) == python.argument) /* and no other subclass */
#define IS_NODE(o) (IS_VALUE(o) || PyObject_TypeCheck(o, value_type))
#define NODE(o) ((Node *)(o))

/* A partial to which nothing passes, among others: a nan that no arithmetic makes. */
static inline double off(void) {
    const uint64_t bits = 0x7ff8c4a1f0ffed00u;
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}
static inline int is_off(double x) {
    uint64_t bits;
    if (x == x) return 0;
    memcpy(&bits, &x, sizeof bits);
    return bits == 0x7ff8c4a1f0ffed00u;
}

int rule_of(const Node *node); /* the rule of the row that made it, -1 for none */
int is_sum(const Node *node);
int are_nodes(PyObject *list);
int adjoints_of(PyObject *order, PyObject *root, double *numbers);
Side *side_new(Py_ssize_t n, Py_ssize_t numbers);
void side_drop(Side *side);
void make_leaf(Node *node);
PyObject *node_record(PyObject *module, PyObject *const *arguments, Py_ssize_t n);
int node_types(PyObject *module);
int arithmetic_connect(PyObject *table);

/* Memory of nodes (memory.c): places in slabs, the freed ones first, the last of them first, then fresh ones in their order.
 * Under AddressSanitizer each is a slab of its own, so that it sees what is used after it was freed. */
#ifdef __SANITIZE_ADDRESS__
#define SLAB_NODES 1
#else
#define SLAB_NODES ((int)(((1 << 18) - 64) / sizeof(Node)))
#endif
typedef struct Slab {
    struct Slab *next, *before; /* among those with room, the current one aside */
    Node *freed;
    int fresh, used; /* the first place that is fresh; how many are used */
    Node nodes[SLAB_NODES];
} Slab;
extern Slab *current;
Slab *slab_next(void);
void node_free(Node *node);

static inline Node *node_new(double data, PyObject *row) {
    Slab *slab = current;
    if (!slab->freed && slab->fresh == SLAB_NODES && !(slab = slab_next())) return NULL;
    Node *node = slab->freed;
    if (node) slab->freed = node->next;
    else {
        node = slab->nodes + slab->fresh;
        node->place = (uint16_t)slab->fresh++;
    }
    slab->used++;
    const uint16_t place = node->place;
    (void)PyObject_Init((PyObject *)node, value_type);
    memset((char *)node + offsetof(Node, data), 0, sizeof(Node) - offsetof(Node, data));
    node->place = place;
    node->data = data;
    node->row = Py_XNewRef(row);
    return node;
}

/* Is a mode in force here? UNSURE where blocks have ended: the Python definition knows, and forgets them. */
enum Force { OUT_OF_FORCE, IN_FORCE, UNSURE };
enum Force force_of(const Mode *mode);
static inline enum Force in_force(int mode) { return modes[mode].on ? force_of(modes + mode) : OUT_OF_FORCE; }

/* A node just made, as the modes have it: every operation ends here. NULL stays NULL. */
PyObject *as_modes_have_it(PyObject *node);
static inline PyObject *watched(Node *node) {
    return node && (modes[NO_GRAD].on || modes[ANOMALY].on) ? as_modes_have_it((PyObject *)node) : (PyObject *)node;
}

extern PyMethodDef memory_functions[], arithmetic_functions[], sweep_functions[], second_functions[], bulk_functions[];
extern PyType_Slot arithmetic_slots[];
PyObject *backward(PyObject *self, PyObject *arguments, PyObject *keywords);
PyObject *row_call(PyObject *self, PyObject *arguments, PyObject *keywords);

#endif
