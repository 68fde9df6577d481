/* flood_result.c -- what bench_flood measured */
#include "bench/flood.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdlib.h>

/* 16 buckets a power of two. */
static unsigned bucket_of(uint64_t ns)
{
    if (ns < 16)
        return (unsigned)ns;
    const unsigned log = 63u - (unsigned)__builtin_clzll(ns);
    return (log - 3) * 16 + (unsigned)((ns >> (log - 4)) & 15);
}

static uint64_t bucket_ns(unsigned bucket)
{
    if (bucket < 16)
        return bucket;
    return (uint64_t)(16 + bucket % 16) << (bucket / 16 - 1);
}

void result_latency(struct result *result, uint64_t ns)
{
    result->latency[bucket_of(ns)]++;
    if (ns > result->latency_max_ns)
        result->latency_max_ns = ns;
}

static double quantile_us(const struct result *result, double share)
{
    uint64_t left = (uint64_t)((double)result->answered * share);
    for (unsigned i = 0; i < RESULT_BUCKETS; i++) {
        if (result->latency[i] > left)
            return (double)bucket_ns(i) / 1e3;
        left -= result->latency[i];
    }
    return (double)result->latency_max_ns / 1e3;
}

static double each_us(uint64_t ns, uint64_t count)
{
    return count != 0 ? (double)ns / 1e3 / (double)count : 0;
}

void result_print(const struct result *r, FILE *to)
{
    const double seconds = (double)(r->end_ns - r->begin_ns) / 1e9;
    fprintf(to,
            "{\"sent\":%" PRIu64 ",\"answered\":%" PRIu64 ",\"lost\":%" PRIu64
            ",\"seconds\":%.3f,\"rate\":%.0f",
            r->sent, r->answered, r->lost, seconds, (double)r->answered / seconds);
    if (r->server_ns != 0)
        fprintf(to, ",\"server_us\":%.3f", each_us(r->server_ns, r->answered));
    fprintf(to, ",\"own_us\":%.3f,\"answer_octets\":%.1f,\"truncated\":%" PRIu64,
            each_us(r->own_ns, r->answered),
            r->answered != 0 ? (double)r->octets / (double)r->answered : 0, r->truncated);
    fprintf(
        to,
        ",\"latency_us\":{\"p50\":%.1f,\"p90\":%.1f,\"p99\":%.1f,\"p999\":%.1f,\"max\":%.1f}",
        quantile_us(r, 0.5), quantile_us(r, 0.9), quantile_us(r, 0.99), quantile_us(r, 0.999),
        (double)r->latency_max_ns / 1e3);
    fprintf(to, ",\"gap_ms\":%.3f,\"late_ms\":%.3f,\"rcodes\":{", (double)r->gap_ns / 1e6,
            (double)r->late_ns / 1e6);
    const char *comma = "";
    for (unsigned i = 0; i < RESULT_RCODES; i++) {
        if (r->rcodes[i] == 0)
            continue;
        fprintf(to, "%s\"%u\":%" PRIu64, comma, i, r->rcodes[i]);
        comma = ",";
    }
    fprintf(to, "}}\n");
}

uint64_t process_cpu_ns(long pid)
{
    char path[64];
    if (pid != 0)
        snprintf(path, sizeof(path), "/proc/%ld/task", pid);
    else
        snprintf(path, sizeof(path), "/proc/self/task");
    DIR *tasks = opendir(path);
    if (tasks == NULL)
        return 0;
    uint64_t sum = 0;
    struct dirent *task;
    while ((task = readdir(tasks)) != NULL) {
        if (task->d_name[0] == '.')
            continue;
        char name[384];
        snprintf(name, sizeof(name), "%s/%s/schedstat", path, task->d_name);
        FILE *file = fopen(name, "r");
        uint64_t ns = 0;
        if (file != NULL && fscanf(file, "%" SCNu64, &ns) == 1)
            sum += ns;
        if (file != NULL)
            fclose(file);
    }
    closedir(tasks);
    return sum;
}
