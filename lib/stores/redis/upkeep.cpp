#include "async/all_of.hpp"
#include "stores/redis/keys.hpp"
#include "stores/redis/rows.hpp"
#include "stores/redis/scripts.hpp"
#include "stores/redis/store_core.hpp"

namespace tollgate::redis {
namespace {

constexpr std::string_view looks_a_step = "64";
constexpr std::int64_t full_step = 64;
constexpr std::string_view probe_life = "60";  // seconds

/// A key of ours in this slot: the first number whose hash is right. It takes a while to find one, so they are kept.
const std::string& probe_key(std::map<std::uint16_t, std::string>& found, std::uint16_t slot) {
    std::string& key = found[slot];
    for (unsigned number = 0; key.empty(); ++number) {
        const std::string digits = std::to_string(number);
        if (slot_of(digits) == slot) key = "tg:{" + digits + "}:up";
    }
    return key;
}

}  // namespace

Task<Result<void>> StoreCore::probe(Lane& lane, std::uint16_t slot, SteadyTime by) {
    Command write{"SET", probe_key(lane.probe_keys, slot), "", "EX", probe_life};
    const Answer answer = co_await lane.client->call(std::move(write), slot, by, Repeat::safe);
    if (!answer) co_return fail(Code::store_unavailable, "the store cannot be written: " + answer.error().why);
    co_return Result<void>();
}

Task<Result<void>> StoreCore::check(Lane& lane) {
    const SteadyTime by = deadline(lane);
    const Result<std::vector<std::uint16_t>> slots = co_await lane.client->a_slot_of_each_master(by);
    if (!slots) co_return fail(Code::store_unavailable, slots.error().detail);
    std::vector<Task<Result<void>>> probes;
    for (const std::uint16_t slot : *slots) probes.push_back(probe(lane, slot, by));
    for (Result<void>& answer : co_await all_of(lane.runtime, std::move(probes))) {
        if (!answer) co_return fail(std::move(answer.error()));
    }
    co_return Result<void>();
}

Task<Result<std::size_t>> StoreCore::sweep(Lane& lane) {
    const Result<std::size_t> answers =
        co_await sweep_all(lane, scripts().sweep, {&Keys::answers}, answer_ttl_.load(std::memory_order_relaxed));
    if (!answers) co_return fail(answers.error());
    const Result<std::size_t> events = co_await sweep_all(
        lane, scripts().event_sweep, {&Keys::settled, &Keys::archive, &Keys::dead}, options_.event_retention);
    if (!events) co_return fail(events.error());
    co_return *answers + *events;
}

/// Step by step, what has outlived its life in any partition; how many were looked at.
Task<Result<std::size_t>> StoreCore::sweep_all(Lane& lane, const Script& script,
                                               std::vector<std::string (Keys::*)() const> keys, Milliseconds life) {
    std::size_t looked_at = 0;
    if (life <= Milliseconds(0)) co_return looked_at;
    const std::string until = text_of(now_.load(std::memory_order_relaxed) - life);
    keys.push_back(&Keys::absent);
    for (int i = 0; i < partitions; ++i) {
        const Keys names(i);
        Words words;
        for (const auto key : keys) words.add((names.*key)());
        for (std::int64_t step = full_step; step == full_step;) {
            if (!lane.client) co_return looked_at;
            const Answer swept = co_await lane.client->run(script, words.views(), {until, looks_a_step}, deadline(lane));
            if (!swept) co_return fail(not_written(swept.error()));
            step = swept->integer();
            looked_at += static_cast<std::size_t>(step);
        }
    }
    co_return looked_at;
}

Task<void> StoreCore::sweep_for_ever(std::shared_ptr<StoreCore> core, std::shared_ptr<Lane> lane) {
    while (lane->client) {
        co_await sleep_for(lane->runtime, core->options_.sweep_interval);
        // What fails is done the next time.
        if (lane->client) (void)co_await core->sweep(*lane);
    }
}

}  // namespace tollgate::redis
