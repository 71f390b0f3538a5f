/* A Keras GRU in C99, and its test against golden vectors:
 *
 *     gru-ref vectors model.h5 -o gru.h --prefix gru
 *     cc -std=c99 -Wall -Wextra -pedantic gru.c -lm -o gru && ./gru
 *
 * It compares every gate of every timestep. ./gru NAME prints one vector's own numbers as CSV, for
 * gru-ref diff. Copy what you need. MISTAKE makes one of the classic mistakes, to see a test fail.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "gru.h"

#ifndef MISTAKE
#define MISTAKE 0 /* 1 to 9: see below */
#endif

typedef GRU_REAL real;
enum { U = GRU_UNITS, F = GRU_FEATURES, Z = 0, R = 1, N = 2, GATES = 4 };

/* ---- activations */

static real tanh_(real x) { return (real)tanh(x); }
static real sigmoid(real x) { return (real)(1 / (1 + exp(-(double)x))); }
static real linear(real x) { return x; }
static real relu(real x) { return x > 0 ? x : 0; }
static real clip(real x) { return x < 0 ? 0 : x > 1 ? 1 : x; }
static real hard_sigmoid_fifth(real x) { return clip(x / 5 + (real)0.5); } /* Keras 2 */
static real hard_sigmoid_sixth(real x) { return clip(x / 6 + (real)0.5); } /* Keras 3 */

static real activate(const char *name, real x) {
    static const struct { const char *name; real (*function)(real); } table[] = {
        {"tanh", tanh_}, {"sigmoid", sigmoid}, {"linear", linear}, {"relu", relu},
        {"hard_sigmoid_fifth", hard_sigmoid_fifth}, {"hard_sigmoid_sixth", hard_sigmoid_sixth},
    };
    for (size_t k = 0; k < sizeof table / sizeof *table; k++)
        if (strcmp(name, table[k].name) == 0) return table[k].function(x);
    return (real)NAN; /* no vector expects it */
}

/* ---- weights: column blocks z, r, h */

static int column(int gate, int unit) {
    if (MISTAKE == 1) gate = gate == Z ? R : gate == R ? Z : N; /* z and r swapped */
    return gate * U + unit;
}

#if GRU_WEIGHT_BITS < 32
#define WEIGHT(array, gate, index) ((real)array[index] * array##_scales[gate])
#else
#define WEIGHT(array, gate, index) array[index]
#endif

static real bias(int row, int gate, int unit) {
#if GRU_BIAS_ROWS == 2
    if (MISTAKE == 2) row = 1 - row; /* bias rows swapped */
    return gru_bias[row * 3 * U + column(gate, unit)];
#elif GRU_BIAS_ROWS == 1
    return row == 0 ? gru_bias[column(gate, unit)] : 0;
#else
    return (void)row, (void)gate, (void)unit, (real)0;
#endif
}

/* x W + b, of one unit of one gate */
static real of_input(const real *x, int gate, int unit) {
    real sum = bias(0, gate, unit);
    for (int k = 0; k < F; k++)
        sum += x[k] * WEIGHT(gru_kernel, gate, k * 3 * U + column(gate, unit));
    return sum;
}

/* h R + c, of one unit of one gate */
static real of_state(const real *h, int gate, int unit) {
    real sum = bias(1, gate, unit);
    for (int k = 0; k < U; k++) {
        int row = MISTAKE == 3 ? unit : k, col = MISTAKE == 3 ? k : unit; /* transposed */
        sum += h[k] * WEIGHT(gru_recurrent_kernel, gate, row * 3 * U + column(gate, col));
    }
    return sum;
}

/* ---- one timestep: z, r, candidate and the new h, U each */

static void step(const real *x, const real *h, real *z, real *r, real *n, real *new_h) {
    real reset[U];
    int reset_after = MISTAKE == 4 ? !GRU_RESET_AFTER : GRU_RESET_AFTER; /* the other reset form */
    for (int u = 0; u < U; u++) {
        z[u] = activate(GRU_RECURRENT_ACTIVATION, of_input(x, Z, u) + of_state(h, Z, u));
        r[u] = activate(GRU_RECURRENT_ACTIVATION, of_input(x, R, u) + of_state(h, R, u));
        reset[u] = r[u] * h[u];
    }
    for (int u = 0; u < U; u++) {
        real inner = reset_after ? r[u] * of_state(h, N, u) : of_state(reset, N, u);
        real kept = MISTAKE == 5 ? 1 - z[u] : z[u]; /* 1 - z for z */
        n[u] = activate(GRU_ACTIVATION, of_input(x, N, u) + inner);
        new_h[u] = kept * h[u] + (1 - kept) * n[u];
    }
}

/* ---- one call, and its comparison */

static real recorded[GRU_BATCH * GRU_UNITS]; /* what a stateful layer keeps */

static const char *const names[] = {"z", "r", "candidate", "h", "output"};

static double off(const real *ours, const real *theirs, int count) {
    double worst = 0;
    for (int k = 0; k < count; k++) {
        double error = fabs((double)ours[k] - (double)theirs[k]);
        if (!(error <= worst)) worst = error;
    }
    return worst;
}

/* Returns whether output and final state are within the tolerance; print: as CSV instead. */
static int run(const gru_vector *v, int print) {
    double worst[GATES + 1] = {0}, of_output = 0, of_final = 0;
    for (int row = 0; row < v->batch; row++) {
        real made[GATES + 1][U] = {{0}}, *h = made[3], *output = made[4], next[U];
        const real *start = v->continues ? recorded : v->initial_state;
        if (MISTAKE == (v->continues ? 9 : 6)) start = 0; /* recorded or initial state ignored */
        if (start) memcpy(h, start + row * U, sizeof next);
        for (int position = 0; position < v->timesteps; position++) {
            int backwards = MISTAKE == 8 ? !GRU_GO_BACKWARDS : GRU_GO_BACKWARDS; /* reversed */
            int t = backwards ? v->timesteps - 1 - position : position;
            int place = GRU_TIME_MAJOR ? t * v->batch + row : row * v->timesteps + t;
            int used = !v->mask || v->mask[place] || MISTAKE == 7; /* 7: mask ignored */
            const real *theirs[] = {v->z, v->r, v->candidate, v->h, v->output};
            step(v->x + place * F, h, made[0], made[1], made[2], next);
            if (used) {
                memcpy(h, next, sizeof next);
                memcpy(output, next, sizeof next);
            } else if (GRU_ZERO_OUTPUT_FOR_MASK)
                memset(output, 0, sizeof next);
            for (int k = 0; k <= GATES; k++) {
                double error = off(made[k], theirs[k] + (position * v->batch + row) * U, U);
                if (error > worst[k]) worst[k] = error;
                if (k == GATES && (GRU_RETURN_SEQUENCES || position == v->timesteps - 1))
                    of_output = fmax(of_output, error);
                for (int u = 0; print && u < U; u++)
                    printf("%d,%d,%d,%s,%d,%.17g\n", position, t, row, names[k], u,
                           (double)made[k][u]);
            }
        }
        memcpy(recorded + row * U, h, sizeof next);
        of_final = fmax(of_final, off(h, v->state + row * U, U));
    }
    if (print) return 1;
    int equal = of_output <= v->tolerance && of_final <= v->tolerance;
    printf("%s: %s", v->name, equal ? "equal" : "different");
    for (int k = 0; k <= GATES; k++) printf(", %s %.2g", names[k], worst[k]);
    printf(" (tolerance %.2g)\n", (double)v->tolerance);
    for (int k = 0; k < GATES && equal && !MISTAKE; k++) equal = worst[k] <= v->tolerance;
    return equal;
}

int main(int count, char **arguments) {
    int different = 0;
    if (count == 2) printf("position,timestep,batch,name,index,value\n");
    for (int k = 0; k < GRU_VECTORS; k++) {
        const gru_vector *v = &gru_vectors[k];
        if (count == 2 && v->continues) memcpy(recorded, v->initial_state, sizeof recorded);
        if (count < 2 || strcmp(arguments[1], v->name) == 0) different += !run(v, count == 2);
    }
    return different != 0;
}
