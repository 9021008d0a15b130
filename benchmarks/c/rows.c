/* W1 and W2 over a batch: value and both derivatives per row, differentiated by hand. */

void tiny(long n, const double *a, const double *b, double *g, double *da, double *db) {
    for (long i = 0; i < n; i++) {
        double e = a[i] + b[i] - (a[i] * b[i] + b[i] * b[i] * b[i]);
        g[i] = e * e / 2;
        da[i] = e * (1 - b[i]);
        db[i] = e * (1 - a[i] - 3 * b[i] * b[i]);
    }
}

void small(long n, const double *a, const double *b, double *g, double *da, double *db) {
    for (long i = 0; i < n; i++) {
        double x = a[i], y = b[i];
        double s1 = y + x > 0 ? 1 : 0, s2 = y - x > 0 ? 1 : 0;
        double c = 3 * x + 4 * y + 3;
        double d = 12 * (x * y + y * y * y) + 4 * s1 * (y + x) + s2 * (y - x);
        double e = c - d, f = e * e;
        double slope = e - 20 / (e * f);
        g[i] = f / 2 + 10 / f;
        da[i] = slope * (3 - (12 * y + 4 * s1 - s2));
        db[i] = slope * (4 - (12 * (x + 3 * y * y) + 4 * s1 + s2));
    }
}
