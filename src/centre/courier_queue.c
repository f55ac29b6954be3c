/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"
#include "base/memory.h"
#include "centre/courier_internal.h"

#include <stdio.h>

struct courier_task {
    struct courier_task *next;
    void *client; /* NULL: gone, nobody waits for the answer */
    uint8_t *frame;
    size_t frame_len;
    struct courier_job job;            /* its slices point into frame */
    struct courier_delivery *delivery; /* in flight */
    char host[300];
};

int courier_queue_init(struct courier_queue *q, const struct courier_means *means,
                       courier_answered *answered, void *context, struct err *e)
{
    *q = (struct courier_queue){
        .means = means,
        .most = (size_t)means->config->courier_queue,
        .in_flight_most = (size_t)means->config->courier_in_flight,
        .answered = answered,
        .context = context,
    };
    q->last = &q->first;
    q->multi = curl_multi_init();
    if (!q->multi)
        return err_memory(e);
    return 0;
}

static void task_free(struct courier_task *task)
{
    courier_delivery_free(task->delivery);
    mem_free(task->frame);
    mem_free(task);
}

static void count(struct courier_queue *q, const struct courier_result *result)
{
    if (result->state == COURIER_DELIVERED)
        q->delivered++;
    else if (result->state == COURIER_UNKNOWN)
        q->unknown++;
    else
        q->failed++;
}

static void report(struct courier_queue *q, const struct courier_task *task,
                   const struct courier_result *result)
{
    char id[128];

    count(q, result);
    snprintf(id, sizeof(id), "%.*s", (int)(task->job.id.len < 120 ? task->job.id.len : 120),
             (const char *)task->job.id.data);
    log_info(task->client ? "courier.result" : "courier.result-without-client", LOG_S("id", id),
             LOG_S("state", courier_state_name(result->state)), LOG_I("code", result->code));
    if (task->client)
        q->answered(q->context, task->client, task->job.number, result);
}

/* Takes the waiting task that *place points to out of its list. */
static struct courier_task *take_waiting(struct courier_queue *q, struct courier_task **place)
{
    struct courier_task *task = *place;

    *place = task->next;
    if (q->last == &task->next)
        q->last = place;
    q->waiting--;
    return task;
}

static void end(struct courier_queue *q, struct courier_task *task,
                const struct courier_result *result)
{
    if (result)
        report(q, task, result);
    q->bytes -= task->frame_len;
    q->changed = true;
    task_free(task);
}

static void refuse(struct courier_queue *q, void *client, uint32_t number, const char *why)
{
    struct courier_result result = {.state = COURIER_BUSY};

    snprintf(result.said, sizeof(result.said), "%s", why);
    q->failed++;
    q->answered(q->context, client, number, &result);
}

void courier_queue_add(struct courier_queue *q, void *client, struct slice frame,
                       const struct courier_job *job)
{
    struct err ignored = {0};
    struct courier_task *task;

    if (q->waiting + q->in_flight >= q->most || q->bytes + frame.len > COURIER_BYTES_MAX) {
        refuse(q, client, job->number, "the courier has too much to do");
        return;
    }
    task = mem_new(1, sizeof(*task));
    if (task)
        task->frame = mem_new(frame.len, 1);
    if (!task || !task->frame) {
        mem_free(task);
        refuse(q, client, job->number, "the courier is out of memory");
        return;
    }
    /* Read again, so that the job's slices point into our copy. */
    memcpy(task->frame, frame.data, frame.len);
    task->frame_len = frame.len;
    task->client = client;
    if (courier_job_read(slice_of(task->frame, frame.len), &task->job, &ignored) != 0) {
        refuse(q, client, job->number, ignored.text);
        task_free(task);
        return;
    }
    courier_delivery_host(&task->job, task->host);
    *q->last = task;
    q->last = &task->next;
    q->waiting++;
    q->bytes += frame.len;
    q->changed = true;
}

/* Mail has one server, so it may use all of it but a quarter, which is left for the others. */
static bool host_is_busy(const struct courier_queue *q, const struct courier_task *wanted)
{
    size_t share = q->in_flight_most / 4, now = 0;

    if (wanted->job.operation == COURIER_MAIL)
        share = q->in_flight_most - share;
    for (const struct courier_task *task = q->flying; task; task = task->next)
        if (strcmp(task->host, wanted->host) == 0)
            now++;
    return now >= (share ? share : 1);
}

static void start(struct courier_queue *q, struct courier_task *task)
{
    struct courier_result result;

    task->delivery = courier_delivery_new(q->means, &task->job, &result);
    if (task->delivery && curl_multi_add_handle(q->multi, courier_delivery_handle(
                                                              task->delivery, task)) != CURLM_OK) {
        courier_delivery_free(task->delivery);
        task->delivery = NULL;
        result = (struct courier_result){.state = COURIER_BUSY};
        snprintf(result.said, sizeof(result.said), "the courier could not begin");
    }
    if (!task->delivery) {
        end(q, task, &result);
        return;
    }
    task->next = q->flying;
    q->flying = task;
    q->in_flight++;
}

static void start_waiting(struct courier_queue *q)
{
    struct courier_task **place = &q->first;

    if (!q->changed)
        return;
    q->changed = false;
    while (*place && q->in_flight < q->in_flight_most) {
        if (host_is_busy(q, *place))
            place = &(*place)->next;
        else
            start(q, take_waiting(q, place));
    }
}

/* Takes it out of what is in flight and out of libcurl's hands. */
static void land(struct courier_queue *q, struct courier_task *task)
{
    struct courier_task **place = &q->flying;

    while (*place != task)
        place = &(*place)->next;
    *place = task->next;
    q->in_flight--;
    curl_multi_remove_handle(q->multi, courier_delivery_handle(task->delivery, task));
}

void courier_queue_turn(struct courier_queue *q)
{
    int running, left;

    start_waiting(q);
    curl_multi_perform(q->multi, &running);
    for (CURLMsg *m = curl_multi_info_read(q->multi, &left); m;
         m = curl_multi_info_read(q->multi, &left)) {
        CURLcode code = m->data.result;
        char *owner = NULL;
        struct courier_result result;
        if (m->msg != CURLMSG_DONE ||
            curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &owner) != CURLE_OK)
            continue;
        struct courier_task *task = (void *)owner;
        courier_delivery_judge(task->delivery, code, &result);
        land(q, task);
        end(q, task, &result);
    }
    start_waiting(q);
}

void courier_queue_forget(struct courier_queue *q, void *client)
{
    struct courier_task **place = &q->first;

    while (*place) {
        if ((*place)->client == client)
            end(q, take_waiting(q, place), NULL);
        else
            place = &(*place)->next;
    }
    for (struct courier_task *task = q->flying; task; task = task->next)
        if (task->client == client)
            task->client = NULL;
}

void courier_queue_drain(struct courier_queue *q)
{
    struct courier_result result = {.state = COURIER_BUSY};

    snprintf(result.said, sizeof(result.said), "the courier is stopping");
    while (q->first)
        end(q, take_waiting(q, &q->first), &result);
}

void courier_queue_fini(struct courier_queue *q)
{
    courier_queue_drain(q);
    while (q->flying) {
        struct courier_task *task = q->flying;
        struct courier_result result;
        courier_delivery_cut(task->delivery, &result);
        land(q, task);
        end(q, task, &result);
    }
    curl_multi_cleanup(q->multi);
    q->multi = NULL;
}
