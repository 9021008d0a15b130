/* W5 as a tape and a switch: four kinds of instruction over nodes of the same order as they were made. */

#include <math.h>

enum { SOFTPLUS, SUM, PRODUCT, SOFTMAX };

/* op[k] writes node at[k] (SOFTMAX: four nodes from there on). The output is the mean of all nodes after the
   leaves; adjoint receives its derivative in every node, the leaves first. */
double run_pass(int leaves, int nodes, int count, const int *op, const int *at, double *v, double *slope, double *adjoint) {
    double total = 0;
    for (int k = 0; k < count; k++) {
        double *z = v + at[k];
        switch (op[k]) {
        case SOFTPLUS: {
            double x = z[-10], e = exp(-fabs(x));
            z[0] = (x > 0 ? x : 0) + log1p(e);
            slope[at[k]] = (x > 0 ? 1 : e) / (1 + e);
            break;
        }
        case SUM:
            z[0] = z[-30] + z[-25] + z[-20] + z[-15];
            break;
        case PRODUCT:
            z[0] = z[-20] * z[-10];
            break;
        case SOFTMAX: {
            double a = exp(z[-4]), b = exp(z[-3]), c = exp(z[-2]), d = exp(z[-1]), s = 1 / (a + b + c + d);
            z[0] = a * s, z[1] = b * s, z[2] = c * s, z[3] = d * s;
            break;
        }
        }
    }
    for (int i = leaves; i < nodes; i++) total += v[i];
    for (int i = 0; i < nodes; i++) adjoint[i] = i < leaves ? 0 : 1.0 / (nodes - leaves);
    for (int k = count - 1; k >= 0; k--) {
        const double *z = v + at[k];
        double *d = adjoint + at[k];
        switch (op[k]) {
        case SOFTPLUS:
            d[-10] += slope[at[k]] * d[0];
            break;
        case SUM:
            d[-30] += d[0], d[-25] += d[0], d[-20] += d[0], d[-15] += d[0];
            break;
        case PRODUCT:
            d[-20] += z[-10] * d[0], d[-10] += z[-20] * d[0];
            break;
        case SOFTMAX: {
            double s = z[0] * d[0] + z[1] * d[1] + z[2] * d[2] + z[3] * d[3];
            for (int i = 0; i < 4; i++) d[i - 4] += z[i] * (d[i] - s);
            break;
        }
        }
    }
    return total / (nodes - leaves);
}
