/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"
#include "base/memory.h"
#include "centre/courier_internal.h"

#include <errno.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { THREAD_STACK = 1024 * 1024 };

struct courier_task {
    struct courier_task *next;
    void *client; /* NULL: gone, nobody waits for the answer */
    uint8_t *frame;
    size_t frame_len;
    struct courier_job job; /* its slices point into frame */
    char host[300];
    struct courier_result result; /* when done */
};

static void task_free(struct courier_task *task)
{
    mem_free(task->frame);
    mem_free(task);
}

/* ---- the threads; all but the delivery itself with the lock -------------------------------- */

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

static struct courier_task *take_waiting(struct courier_queue *q, struct courier_task **place)
{
    struct courier_task *task = *place;

    *place = task->next;
    if (q->last == &task->next)
        q->last = place;
    q->waiting--;
    return task;
}

static struct courier_task *take_startable(struct courier_queue *q)
{
    for (struct courier_task **place = &q->first; *place; place = &(*place)->next)
        if (!host_is_busy(q, *place))
            return take_waiting(q, place);
    return NULL;
}

static void put_done(struct courier_queue *q, struct courier_task *task)
{
    task->next = q->done;
    q->done = task;
    if (eventfd_write(q->wake, 1) != 0) {
        /* full: it is awake already */
    }
}

static void land(struct courier_queue *q, struct courier_task *task)
{
    struct courier_task **place = &q->flying;

    while (*place != task)
        place = &(*place)->next;
    *place = task->next;
    q->in_flight--;
    put_done(q, task);
}

static void *deliver_all(void *context)
{
    struct courier_queue *q = context;

    pthread_mutex_lock(&q->lock);
    while (!q->ending) {
        struct courier_task *task = take_startable(q);
        if (!task) {
            q->idle++;
            pthread_cond_wait(&q->changed, &q->lock);
            q->idle--;
            continue;
        }
        task->next = q->flying;
        q->flying = task;
        q->in_flight++;
        pthread_mutex_unlock(&q->lock);
        courier_deliver(q->means, &task->job, &q->cut, &task->result);
        pthread_mutex_lock(&q->lock);
        land(q, task);
    }
    pthread_mutex_unlock(&q->lock);
    return NULL;
}

/* Somebody shall take what waits: an idle thread, or a new one. None at all is seen by add. */
static void call_thread(struct courier_queue *q)
{
    pthread_attr_t attributes;

    /* An idle thread may be on its way to an earlier task: one for each that waits. */
    if (q->idle >= q->waiting || q->thread_count == q->in_flight_most) {
        pthread_cond_signal(&q->changed);
        return;
    }
    if (pthread_attr_init(&attributes) != 0)
        return;
    if (pthread_attr_setstacksize(&attributes, THREAD_STACK) == 0 &&
        pthread_create(&q->threads[q->thread_count], &attributes, deliver_all, q) == 0)
        q->thread_count++;
    pthread_attr_destroy(&attributes);
}

/* ---- the face ------------------------------------------------------------------------------ */

int courier_queue_init(struct courier_queue *q, const struct courier_means *means,
                       courier_answered *answered, void *context, struct err *e)
{
    *q = (struct courier_queue){
        .means = means,
        .answered = answered,
        .context = context,
        .most = (size_t)means->config->courier_queue,
        .in_flight_most = (size_t)means->config->courier_in_flight,
    };
    q->last = &q->first;
    q->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (q->wake < 0)
        return err_errno(e, errno, "courier.queue", "eventfd");
    q->threads = mem_new(q->in_flight_most, sizeof(*q->threads));
    if (!q->threads) {
        close(q->wake);
        return err_memory(e);
    }
    pthread_mutex_init(&q->lock, NULL);
    pthread_cond_init(&q->changed, NULL);
    return 0;
}

static void count(struct courier_queue *q, enum courier_state state)
{
    if (state == COURIER_DELIVERED)
        q->delivered++;
    else if (state == COURIER_UNKNOWN)
        q->unknown++;
    else
        q->failed++;
}

/* Answers and frees. Without the lock. */
static void end(struct courier_queue *q, struct courier_task *task)
{
    char id[128];

    pthread_mutex_lock(&q->lock);
    count(q, task->result.state);
    q->bytes -= task->frame_len;
    pthread_mutex_unlock(&q->lock);
    snprintf(id, sizeof(id), "%.*s", (int)(task->job.id.len < 120 ? task->job.id.len : 120),
             (const char *)task->job.id.data);
    log_info(task->client ? "courier.result" : "courier.result-without-client", LOG_S("id", id),
             LOG_S("state", courier_state_name(task->result.state)),
             LOG_I("code", task->result.code));
    if (task->client)
        q->answered(q->context, task->client, task->job.number, &task->result);
    task_free(task);
}

static void refuse(struct courier_queue *q, void *client, uint32_t number, const char *why)
{
    struct courier_result result = {.state = COURIER_BUSY};

    snprintf(result.said, sizeof(result.said), "%s", why);
    pthread_mutex_lock(&q->lock);
    count(q, result.state);
    pthread_mutex_unlock(&q->lock);
    q->answered(q->context, client, number, &result);
}

static struct courier_task *task_new(void *client, struct slice frame)
{
    struct courier_task *task = mem_new(1, sizeof(*task));
    struct err ignored = {0};

    if (!task)
        return NULL;
    task->client = client;
    task->frame_len = frame.len;
    task->frame = mem_new(frame.len, 1);
    /* Read again, so that the job's slices point into our copy. */
    if (task->frame) {
        memcpy(task->frame, frame.data, frame.len);
        if (courier_job_read(slice_of(task->frame, frame.len), &task->job, &ignored) == 0) {
            courier_delivery_host(&task->job, task->host);
            return task;
        }
    }
    task_free(task);
    return NULL;
}

void courier_queue_add(struct courier_queue *q, void *client, struct slice frame,
                       const struct courier_job *job)
{
    struct courier_task *task = NULL;
    const char *fault = "the courier is out of memory";
    bool full;

    pthread_mutex_lock(&q->lock);
    full = q->waiting + q->in_flight >= q->most || q->bytes + frame.len > COURIER_BYTES_MAX;
    pthread_mutex_unlock(&q->lock);
    if (full)
        fault = "the courier has too much to do";
    else
        task = task_new(client, frame);
    if (!task) {
        refuse(q, client, job->number, fault);
        return;
    }
    pthread_mutex_lock(&q->lock);
    *q->last = task;
    q->last = &task->next;
    q->waiting++;
    q->bytes += task->frame_len;
    call_thread(q);
    bool nobody = q->thread_count == 0;
    pthread_mutex_unlock(&q->lock);
    if (nobody)
        courier_queue_drain(q);
}

void courier_queue_turn(struct courier_queue *q)
{
    eventfd_t times;
    struct courier_task *done, *in_order = NULL;

    if (eventfd_read(q->wake, &times) != 0)
        return;
    pthread_mutex_lock(&q->lock);
    done = q->done;
    q->done = NULL;
    pthread_mutex_unlock(&q->lock);
    while (done) {
        struct courier_task *next = done->next;
        done->next = in_order;
        in_order = done;
        done = next;
    }
    while (in_order) {
        struct courier_task *next = in_order->next;
        end(q, in_order);
        in_order = next;
    }
}

void courier_queue_forget(struct courier_queue *q, void *client)
{
    struct courier_task **place = &q->first;

    pthread_mutex_lock(&q->lock);
    while (*place) {
        if ((*place)->client != client) {
            place = &(*place)->next;
            continue;
        }
        struct courier_task *task = take_waiting(q, place);
        q->bytes -= task->frame_len;
        task_free(task);
    }
    for (struct courier_task *task = q->flying; task; task = task->next)
        if (task->client == client)
            task->client = NULL;
    for (struct courier_task *task = q->done; task; task = task->next)
        if (task->client == client)
            task->client = NULL;
    pthread_mutex_unlock(&q->lock);
}

void courier_queue_drain(struct courier_queue *q)
{
    pthread_mutex_lock(&q->lock);
    while (q->first) {
        struct courier_task *task = take_waiting(q, &q->first);
        task->result = (struct courier_result){.state = COURIER_BUSY};
        snprintf(task->result.said, sizeof(task->result.said), "not tried: the courier %s",
                 q->thread_count ? "is stopping" : "has no threads");
        put_done(q, task);
    }
    pthread_mutex_unlock(&q->lock);
    courier_queue_turn(q);
}

void courier_queue_status(struct courier_queue *q, struct courier_status *status)
{
    pthread_mutex_lock(&q->lock);
    status->waiting = (uint32_t)q->waiting;
    status->in_flight = (uint32_t)q->in_flight;
    status->delivered = q->delivered;
    status->failed = q->failed;
    status->unknown = q->unknown;
    pthread_mutex_unlock(&q->lock);
}

void courier_queue_fini(struct courier_queue *q)
{
    courier_queue_drain(q);
    atomic_store(&q->cut, true);
    pthread_mutex_lock(&q->lock);
    q->ending = true;
    pthread_cond_broadcast(&q->changed);
    pthread_mutex_unlock(&q->lock);
    for (size_t i = 0; i < q->thread_count; i++)
        pthread_join(q->threads[i], NULL);
    courier_queue_turn(q);
    pthread_cond_destroy(&q->changed);
    pthread_mutex_destroy(&q->lock);
    mem_free(q->threads);
    q->threads = NULL;
    close(q->wake);
}
