"""The complete Bell polynomials by which derivatives of t^a/Γ(a) and of t^a (1 − t)^b/B(a, b) in a and b multiply it.

The derivatives of the logarithm, its `cumulants`, are those of log t + …, of which the first alone holds what varies;
so a polynomial is a sum of powers of the two first ones. b is 0 for gamma. 1/Γ(a) is taken as it is, or (`of_a` 1) as
a/Γ(a + 1), of which nothing is large for small a, or (2) without that factor a; so for b.
"""

from __future__ import annotations

from autograd.core.special.gammas import psi, steps_of_psi

ORDERS = 64.0  # (m + 1)(n + 1) at most, for m derivatives in a and n in b


def cumulant(i: float, j: float, a: float, b: float, of_a: float, of_b: float) -> float:
    """∂^{i+j}/∂a^i∂b^j of −log Γ(a), or of −log B(a, b)."""
    n, p, q = i + j - 1.0, a, b
    if i == 0.0:
        p, q, of_a = b, a, of_b
    alone = b == 0.0 or (i > 0.0 and j > 0.0)
    if of_a == 0.0 and not alone:
        return steps_of_psi(n, p, q)
    if b == 0.0 and of_a > 0.0:
        a += 1.0
    of_sum = psi(n, a + b)
    return -of_sum if b == 0.0 else of_sum if alone else of_sum - psi(n, p + 1.0)


def choose(n: float, k: float) -> float:
    """n over k."""
    product, i = 1.0, 1.0
    while i <= k:
        product = product * (n - k + i) / i
        i += 1.0
    return product


def rest(m: float, n: float, a: float, b: float, of_a: float, of_b: float) -> float:
    """The polynomial of order (m, n) where both first cumulants are 0."""
    known = [0.0] * 64
    width, i = n + 1.0, 0.0
    while i <= m:
        j = 0.0
        while j <= n:
            total, k = 1.0 if i + j == 0.0 else 0.0, 0.0
            while k < (i if i > 0.0 else 1.0):  # by the derivative in a that comes last, else by that in b
                q = 0.0
                while q < (j + 1.0 if i > 0.0 else j):
                    if k + q > 0.0:
                        ways = choose(i - 1.0, k) * choose(j, q) if i > 0.0 else choose(j - 1.0, q)
                        of_k, of_q = (k + 1.0, q) if i > 0.0 else (0.0, q + 1.0)
                        by = cumulant(of_k, of_q, a, b, of_a, of_b)
                        before = (i - 1.0 - k) * width + j - q if i > 0.0 else j - 1.0 - q
                        total += ways * by * known[int(before)]
                    q += 1.0
                k += 1.0
            known[int(i * width + j)] = total
            j += 1.0
        i += 1.0
    return known[int(m * width + n)]


def coefficient(m: float, n: float, i: float, j: float, a: float, b: float, of_a: float, of_b: float) -> float:
    """Of the powers i and j of the first cumulants, in the polynomial of order (m, n): with that of a factor a or b."""
    total, lowered = 0.0, 0.0
    while lowered < 3.0:  # not, in m, in n
        by, p, q = 1.0, m, n
        if lowered == 1.0:
            by, p = m / a if of_a == 1.0 else 0.0, m - 1.0
        if lowered == 2.0:
            by, q = n / b if of_b == 1.0 else 0.0, n - 1.0
        if by != 0.0 and i <= p and j <= q:
            total += by * choose(p, i) * choose(q, j) * rest(p - i, q - j, a, b, of_a, of_b)
        lowered += 1.0
    return total


def polynomial(m: float, n: float, log_x: float, log_y: float, a: float, b: float, of_a: float, of_b: float) -> float:
    """The polynomial of order (m, n) at the place x, y = 1 − x."""
    left, right = 0.0, 0.0
    if m > 0.0:
        left = log_x + cumulant(1.0, 0.0, a, b, of_a, of_b)
    if n > 0.0:
        right = log_y + cumulant(0.0, 1.0, a, b, of_a, of_b)
    total, i, power = 0.0, 0.0, 1.0
    while i <= m:
        j, product = 0.0, power
        while j <= n:
            total += product * coefficient(m, n, i, j, a, b, of_a, of_b)
            product *= right
            j += 1.0
        power *= left
        i += 1.0
    return total
