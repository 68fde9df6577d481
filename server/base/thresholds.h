/* thresholds.h -- when a node is bad enough to leave, and good enough to return
 * The `route:` section of the configuration sets them; server/sidecar/verdict.h uses them. */
#ifndef PHAROS_SERVER_BASE_THRESHOLDS_H
#define PHAROS_SERVER_BASE_THRESHOLDS_H

enum {
    THRESHOLDS_WINDOW_MAX_MS = 5000, /* of window_ms and clean_ms */
    THRESHOLDS_CYCLES_MAX = 16,
};

struct thresholds {
    unsigned window_ms;     /* over which a share is taken */
    unsigned bad_percent;   /* that much of it bad is suspect */
    unsigned samples_min;   /* in a window, of both sources together */
    unsigned slow_ms;       /* from the first bad sample to leaving */
    unsigned near_percent;  /* up to here it's near the threshold ... */
    unsigned slow_near_ms;  /* ... and takes that long */
    unsigned path_dead_ms;  /* an address and transport without any answer */
    unsigned drain_ms;      /* announced with lower preference before it's withdrawn */
    unsigned clean_ms;      /* of probation */
    unsigned clean_percent; /* bad at most in it */
    unsigned clean_samples; /* at least in it */
    unsigned flood_factor;  /* that many times the usual rate is a flood */
    unsigned expiry_ms;     /* so long before a zone expires its group leaves */
    unsigned
        holddown_first_ms; /* away at least so long, the first time; then six times as long ... */
    unsigned holddown_max_ms; /* ... up to this */
    unsigned cycles;          /* falls after which it returns, within cycles_ms */
    unsigned cycles_ms;
};

/* What facts and measurements suggest; see pharos.yaml(5). */
static inline struct thresholds thresholds_default(void)
{
    return (struct thresholds){
        .window_ms = 500,
        .bad_percent = 50,
        .samples_min = 20,
        .slow_ms = 550,
        .near_percent = 60,
        .slow_near_ms = 800,
        .path_dead_ms = 1000,
        .drain_ms = 2000,
        .clean_ms = 2000,
        .clean_percent = 2,
        .clean_samples = 40,
        .flood_factor = 5,
        .expiry_ms = 60 * 1000,
        .holddown_first_ms = 2000,
        .holddown_max_ms = 10 * 60 * 1000,
        .cycles = 3,
        .cycles_ms = 10 * 60 * 1000,
    };
}

#endif
