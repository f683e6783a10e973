#include "stores/redis/store_core.hpp"

#include "stores/redis/keys.hpp"
#include "stores/redis/run_alone.hpp"
#include "stores/redis/scripts.hpp"

namespace tollgate::redis {
namespace {

constexpr Milliseconds retry{1'000};
constexpr int home_tries = 3;

}  // namespace

PaymentError not_written(const Failure& failure) {
    if (failure.execution == Execution::not_executed) {
        return {Code::store_unavailable, "the store is away; nothing was written", retry};
    }
    return {Code::store_unknown, "the store did not say whether it wrote", retry};
}

PaymentError not_read() {
    return {Code::store_unavailable, "the store gives no answer", retry};
}

StoreCore::StoreCore(RedisStoreOptions options, std::unique_ptr<Lanes> lanes, std::string instance)
    : options_(std::move(options)), lanes_(std::move(lanes)), instance_(std::move(instance)) {
    int number = 0;
    for (const auto& lane : lanes_->all()) {
        const std::string name = instance_ + "." + std::to_string(number++);
        lane->audit = std::make_shared<AuditBuffer>(name, options_.audit_max, options_.audit_keys.signing());
        lane->home = static_cast<int>(std::hash<std::string>()(name) % partitions);
    }
}

void StoreCore::saw(WallTime now, Milliseconds answer_ttl) noexcept {
    if (now > now_.load(std::memory_order_relaxed)) now_.store(now, std::memory_order_relaxed);
    if (answer_ttl > Milliseconds(0)) answer_ttl_.store(answer_ttl, std::memory_order_relaxed);
}

Task<Answer> StoreCore::command(Lane& lane, Command command, int partition, SteadyTime by) {
    co_return co_await lane.client->call(std::move(command), slot_of(Keys(partition).due()), by, Repeat::safe);
}

Task<Answer> StoreCore::run(Lane& lane, Run script) {
    const SteadyTime by = deadline(lane);
    if (!script.charge.empty()) co_await bring_home(lane, script.charge, script.partition, by);
    const std::string absent = Keys(script.partition).absent();
    script.keys.push_back(absent);
    AuditBuffer::Batch audit = lane.audit->take(script.partition, script.keys, script.arguments);
    Answer answer = co_await lane.client->run(script.script, std::move(script.keys), std::move(script.arguments), by);
    if (answer) {
        audit.arrived();
        scripts_.fetch_add(1, std::memory_order_relaxed);
    }
    co_return answer;
}

/// A record of this charge that went with another one's script is made sure of before the charge's own next step.
Task<void> StoreCore::bring_home(Lane& lane, std::string_view charge, int partition, SteadyTime by) {
    for (int i = 0; i < home_tries; ++i) {
        const std::optional<int> where = lane.audit->strayed(charge, partition);
        if (!where || !co_await send_audit(*lane.client, *lane.audit, *where, by)) co_return;
    }
}

/// Takes its turn behind everything under way to this partition, so even with nothing of its own it tells that this arrived.
Task<bool> StoreCore::send_audit(Client& client, AuditBuffer& buffer, int partition, SteadyTime by) {
    const std::string key = Keys(partition).chains();
    std::vector<std::string_view> keys{key};
    std::vector<std::string_view> arguments;
    AuditBuffer::Batch audit = buffer.take(partition, keys, arguments);
    const Answer answer = co_await client.run(scripts().audit, std::move(keys), std::move(arguments), by);
    if (answer) audit.arrived();
    co_return answer.has_value();
}

void StoreCore::append(AuditRecord record) {
    Lane& lane = lanes_->of_this_thread();
    if (!lane.audit->append(std::move(record))) return;
    for (const auto& one : lanes_->all()) {
        if (one.get() == &lane) spawn(lane.runtime.executor, hand_in(shared_from_this(), one));
    }
}

/// Sends what found nothing to travel with for a while.
Task<void> StoreCore::hand_in(std::shared_ptr<StoreCore> core, std::shared_ptr<Lane> lane) {
    Milliseconds pause = core->options_.audit_delay;
    while (lane->client && !lane->audit->done_waiting()) {
        co_await sleep_for(lane->runtime, pause);
        if (!lane->client) co_return;
        bool sent = true;
        for (const int partition : lane->audit->to_send(lane->home)) {
            sent = sent && co_await send_audit(*lane->client, *lane->audit, partition, core->deadline(*lane));
            if (!lane->client) co_return;
        }
        pause = sent ? core->options_.audit_delay : std::max(retry, core->options_.audit_delay);
    }
}

void StoreCore::start() {
    spawn(lanes_->first().runtime.executor, sweep_for_ever(shared_from_this(), lanes_->all().front()));
}

/// What is suspended in the background holds its lane, and sees by the client's absence that it is over.
void StoreCore::stop() noexcept {
    for (const auto& lane : lanes_->all()) lane->client.reset();
}

void StoreCore::last_words() {
    bool any = false;
    for (const auto& lane : lanes_->all()) {
        lane->audit->all_came_back();
        any = any || !lane->audit->to_send(lane->home).empty();
    }
    if (!any) return;
    (void)run_alone<bool>(options_.redis, [this](const Runtime& runtime, Client& client) -> Task<bool> {
        const SteadyTime by = runtime.clock.steady() + options_.timeout;
        for (const auto& lane : lanes_->all()) {
            for (const int partition : lane->audit->to_send(lane->home)) {
                if (!co_await send_audit(client, *lane->audit, partition, by)) co_return false;
            }
        }
        co_return true;
    });
}

}  // namespace tollgate::redis
