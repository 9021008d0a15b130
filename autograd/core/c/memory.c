/* Memory of nodes, in slabs.
 *
 * A slab of which all is freed begins anew, so the nodes of a graph lie in the order in which they were made. A few such
 * slabs are kept for the next graph, whose pages would cost more than its arithmetic; beyond them memory goes back. */
#include "node.h"
#if defined(__SANITIZE_ADDRESS__) || !(defined(__unix__) || defined(__APPLE__))
#define MAPPED 0
#else
#include <sys/mman.h>
#define MAPPED 1
#ifndef MAP_POPULATE
#define MAP_POPULATE 0 /* all pages at once */
#endif
#endif

#define MOST_EMPTY (SLAB_NODES == 1 ? 0 : 64)
static Slab nowhere = {.fresh = SLAB_NODES, .used = SLAB_NODES};
Slab *current = &nowhere;
static Slab *roomy; /* those with room, the current one aside */
static Py_ssize_t slabs, empty;

static Slab *slab_new(void) {
#if MAPPED
    Slab *slab = mmap(NULL, sizeof(Slab), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (slab == MAP_FAILED) slab = NULL;
#else
    Slab *slab = PyMem_Malloc(sizeof(Slab));
#endif
    if (!slab) {
        PyErr_NoMemory();
        return NULL;
    }
    slab->freed = NULL;
    slab->fresh = slab->used = 0;
    slabs++;
    return slab;
}

static void slab_free(Slab *slab) {
    slabs--;
#if MAPPED
    munmap(slab, sizeof(Slab));
#else
    PyMem_Free(slab);
#endif
}

static void enter(Slab *slab) {
    slab->before = NULL;
    slab->next = roomy;
    if (roomy) roomy->before = slab;
    roomy = slab;
}

static void leave(Slab *slab) {
    if (slab->next) slab->next->before = slab->before;
    if (slab->before) slab->before->next = slab->next;
    else roomy = slab->next;
}

/* The current one is full: another. */
Slab *slab_next(void) {
    Slab *slab = roomy;
    if (slab) {
        leave(slab);
        if (!slab->used) empty--;
    } else if (!(slab = slab_new())) return NULL;
    return current = slab;
}

void node_free(Node *node) {
    Slab *slab = (Slab *)((char *)(node - node->place) - offsetof(Slab, nodes));
    node->next = slab->freed;
    slab->freed = node;
    if (slab->used-- == SLAB_NODES && slab != current) enter(slab);
    if (slab->used) return;
    slab->freed = NULL;
    slab->fresh = 0;
    if (slab == current || ++empty <= MOST_EMPTY) return;
    empty--;
    leave(slab);
    slab_free(slab);
}

/* nodes(): how many there are, those of subclasses aside. */
static PyObject *nodes(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(unused)) {
    Py_ssize_t n = slabs * SLAB_NODES - (SLAB_NODES - current->used);
    for (const Slab *slab = roomy; slab; slab = slab->next) n -= SLAB_NODES - slab->used;
    return PyLong_FromSsize_t(n);
}

PyMethodDef memory_functions[] = {
    {"nodes", nodes, METH_NOARGS, "How many nodes there are, those of subclasses aside."},
    {NULL, NULL, 0, NULL},
};
