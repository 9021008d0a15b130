/* The mean max-margin loss of a relu network with an L2 term, and its gradient, by hand.
   Parameters and gradient: per layer the weights (inputs, neurons) by rows, then the biases.
   Sixty-four rows of the batch are carried through together; only sums over rows are reassociated. */

#define LANES 64
#define WIDTH 64
#define DEPTH 8

static double h[DEPTH][WIDTH][LANES], back[2][WIDTH][LANES];

static void forward(int inputs, int neurons, const double *w, double x[][LANES], double z[][LANES], int last) {
    const double *b = w + inputs * neurons;
    for (int j = 0; j < neurons; j++) {
        double sum[LANES];
        for (int l = 0; l < LANES; l++) sum[l] = b[j];
        for (int i = 0; i < inputs; i++)
            for (int l = 0; l < LANES; l++) sum[l] += w[i * neurons + j] * x[i][l];
        for (int l = 0; l < LANES; l++) z[j][l] = last ? sum[l] : sum[l] > 0 ? sum[l] : 0;
    }
}

static void backward(int inputs, int neurons, const double *w, double *g, double x[][LANES], double dz[][LANES],
                     double dx[][LANES], int first) {
    for (int j = 0; j < neurons; j++) {
        double bias = 0;
#pragma omp simd reduction(+ : bias)
        for (int l = 0; l < LANES; l++) bias += dz[j][l];
        g[inputs * neurons + j] += bias;
    }
    for (int i = 0; i < inputs; i++) {
        double sum[LANES] = {0};
        for (int j = 0; j < neurons; j++) {
            double s = 0;
#pragma omp simd reduction(+ : s)
            for (int l = 0; l < LANES; l++) {
                s += dz[j][l] * x[i][l];
                sum[l] += w[i * neurons + j] * dz[j][l];
            }
            g[i * neurons + j] += s;
        }
        if (!first)
            for (int l = 0; l < LANES; l++) dx[i][l] = x[i][l] > 0 ? sum[l] : 0;
    }
}

double network(int layers, const int *width, long n, const double *x, const double *y, double alpha, const double *p,
               double *g) {
    long start[DEPTH + 1] = {0};
    for (int k = 0; k < layers; k++) start[k + 1] = start[k] + (width[k] + 1) * width[k + 1];
    for (long q = 0; q < start[layers]; q++) g[q] = 0;
    double loss = 0;
    for (long at = 0; at < n; at += LANES) {
        int rows = n - at < LANES ? n - at : LANES;
        for (int i = 0; i < width[0]; i++)
            for (int l = 0; l < LANES; l++) h[0][i][l] = l < rows ? x[(at + l) * width[0] + i] : 0;
        for (int k = 0; k < layers; k++)
            forward(width[k], width[k + 1], p + start[k], h[k], h[k + 1], k == layers - 1);
        for (int l = 0; l < LANES; l++) {
            double margin = l < rows ? 1 - y[at + l] * h[layers][0][l] : 0;
            loss += margin > 0 ? margin : 0;
            back[layers % 2][0][l] = margin > 0 ? -y[at + l] : 0;
        }
        for (int k = layers - 1; k >= 0; k--)
            backward(width[k], width[k + 1], p + start[k], g + start[k], h[k], back[(k + 1) % 2], back[k % 2], k == 0);
    }
    double squares = 0;
    for (long q = 0; q < start[layers]; q++) {
        squares += p[q] * p[q];
        g[q] = g[q] / n + 2 * alpha * p[q];
    }
    return loss / n + alpha * squares;
}
