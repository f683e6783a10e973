#include "simulation/world.hpp"

#include <utility>

namespace tollgate::simulation {
namespace {

using namespace std::chrono_literals;

std::string_view name(Side side) {
    return side == Side::gateway ? "gateway" : side == Side::inventory ? "inventory" : "shipping";
}

/// Of a member of a flat JSON object, as it stands there; empty when it is not there.
std::string_view value_in(std::string_view body, std::string_view member) {
    const auto at = body.find(member);
    if (at == body.npos) return {};
    const std::string_view rest = body.substr(at + member.size());
    return rest.substr(0, rest.find_first_of(",}"));
}

}  // namespace

OutboundReply refusal(int status, std::string_view error) {
    return {.status = status, .body = R"({"error":")" + std::string(error) + R"("})", .retry_after = {}};
}

std::string last_segment(std::string_view path) {
    return std::string(path.substr(path.rfind('/') + 1));
}

class WorldExchange final : public Exchange {
public:
    WorldExchange(World& world, Process& process, Side side) : world_(world), process_(process), side_(side) {}

    Task<Result<OutboundReply>> exchange(OutboundRequest request) override {
        const Runtime& runtime = process_.runtime();
        if (world_.faults_.strikes(Fault::refused) || world_.is_down(side_)) {
            co_await sleep_for(runtime, world_.on_the_way());
            co_return fail(Code::network_error, "connection refused");
        }
        const bool look_up = request.method == "GET";
        std::string key = look_up ? last_segment(request.path) : std::move(request.idempotency_key);
        const std::string amount(value_in(request.body, R"("amount":)"));
        std::string reference(value_in(request.body, R"("reference":)"));
        const auto reply = std::make_shared<OneShot<Result<OutboundReply>>>(runtime);
        world_.send({side_, look_up, std::move(request.path), std::move(key), std::move(request.body)}, reply);
        auto answer = co_await reply->wait_until(request.deadline);
        const std::string_view told = answer && *answer ? value_in((*answer)->body, R"("amount":)") : std::string_view();
        if (!told.empty() && !amount.empty() && told != amount) world_.misled_.insert(std::move(reference));
        if (!answer) co_return fail(Code::gateway_timeout, "no answer before the deadline");
        co_return std::move(*answer);
    }

private:
    World& world_;
    Process& process_;
    Side side_;
};

std::unique_ptr<Exchange> World::exchange(Process& process, Side side) {
    return std::make_unique<WorldExchange>(*this, process, side);
}

bool World::is_down(Side side) {
    SteadyTime& until = down_until_[side];
    if (faults_.strikes(Fault::down)) until = scheduler_.now() + faults_.between(Fault::down, 1s, 3min);
    return scheduler_.now() < until && !faults_.stopped();
}

void World::heal() {
    for (auto& [key, record] : records_) {
        record.answers_fault = false;
        record.visible = scheduler_.now();
    }
}

/// From here on the message is on its way whatever becomes of its sender.
void World::send(Message message, const Reply& reply) {
    history_.note(scheduler_.now(), "send", name(message.side), message.look_up ? "look-up" : message.path, message.key);
    if (faults_.strikes(Fault::never_arrives)) return cut(reply);
    Milliseconds travel = on_the_way();
    if (faults_.strikes(Fault::late)) {
        travel = faults_.between(Fault::late, 1s, 50min);
    } else if (faults_.strikes(Fault::slow)) {
        travel = faults_.between(Fault::slow, 100ms, 20s);
    }
    if (!message.look_up && faults_.strikes(Fault::twice)) {
        scheduler_.at(scheduler_.now() + travel + faults_.between(Fault::twice, 1ms, 10min),
                      [this, message] { arrive(message, nullptr, true); });
    }
    scheduler_.at(scheduler_.now() + travel, [this, message = std::move(message), reply] { arrive(message, reply, false); });
}

void World::cut(const Reply& reply) {
    if (!reply || chance().below(2) == 0) return;  // silence: the caller's deadline tells it
    scheduler_.at(scheduler_.now() + on_the_way(),
                  [reply] { reply->set(fail(Code::gateway_timeout, "the connection was cut")); });
}

void World::answer(const Reply& reply, OutboundReply what) {
    if (!reply) return;
    if (faults_.strikes(Fault::reply_lost)) return cut(reply);
    if (what.status == 200 && faults_.strikes(Fault::garbage)) what.body = "<html>Bad gateway</html>";
    scheduler_.at(scheduler_.now() + on_the_way(), [reply, what = std::move(what)] { reply->set(what); });
}

void World::arrive(const Message& message, const Reply& reply, bool again) {
    if (message.look_up) return answer(reply, look_up(message));
    if (*message.turned_away) return;
    if (!again && faults_.strikes(Fault::forbidden)) {
        *message.turned_away = true;
        return answer(reply, refusal(403, "forbidden"));
    }
    if (!again && faults_.strikes(Fault::busy)) {
        *message.turned_away = true;
        return answer(reply, {.status = 429, .body = "{}", .retry_after = faults_.between(Fault::busy, 0ms, 3s)});
    }
    const std::string place = std::string(name(message.side)) + message.key;
    const auto [first, is_first] = first_arrivals_.emplace(place, scheduler_.now());
    const bool forgotten = scheduler_.now() - first->second > section6_traits.key_window;
    if (forgotten && !again) violation("a call was sent again after its key was forgotten: " + message.path);
    if (forgotten) records_.erase(place);

    const auto known = records_.find(place);
    if (known != records_.end()) {
        history_.note(scheduler_.now(), "known", message.path, message.key);
        return answer(reply, known->second.answers_fault ? refusal(500, "internal") : known->second.reply);
    }
    if (faults_.strikes(Fault::fault_before)) return answer(reply, refusal(500, "internal"));

    Record& record = records_[place];
    record.arrived = record.visible = scheduler_.now();
    if (faults_.strikes(Fault::stale_look_up)) record.visible += faults_.between(Fault::stale_look_up, 100ms, 1min);
    answer(reply, perform(message, record));
}

OutboundReply World::look_up(const Message& message) {
    const auto known = records_.find(std::string(name(message.side)) + message.key);
    const bool found = known != records_.end() && known->second.visible <= scheduler_.now() &&
                       scheduler_.now() - known->second.arrived <= section6_traits.key_window;
    history_.note(scheduler_.now(), "looked up", message.key, found ? known->second.reply.status : 404);
    return found ? known->second.reply : refusal(404, "not_found");
}

OutboundReply World::perform(const Message& message, Record& record) {
    record.reply = message.side == Side::gateway ? pay(message) : move_goods(message);
    history_.note(scheduler_.now(), "performed", message.path, message.key, record.reply.status, record.reply.body);
    record.answers_fault = faults_.strikes(Fault::fault_kept);
    if (record.answers_fault || faults_.strikes(Fault::fault_after)) return refusal(500, "internal");
    OutboundReply told = record.reply;
    const auto amount = told.body.find("\"amount\":");
    if (amount != std::string::npos && faults_.strikes(Fault::wrong_echo)) told.body.insert(amount + 9, "1");
    return told;
}

}  // namespace tollgate::simulation
