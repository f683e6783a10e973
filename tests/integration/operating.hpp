#pragma once

#include <future>
#include <optional>
#include <string>
#include <vector>

#include "integration/event_stage.hpp"

/// What a client asks of a charge that exists: POST /charge/ID/capture, /void, /refund and /confirm.
namespace tollgate::test {

inline const Order manual{.more = R"(,"capture":"manual")"};
inline const Order authenticated{.token = "tok_authentication_required"};

struct Operation {
    std::string charge_id;
    std::string kind;  // as in the path
    std::string key;
    std::string body = {};  // empty: none
};

[[nodiscard]] std::string amount_of(long long amount);  // as a body

/// Once, whatever the answer.
[[nodiscard]] std::optional<Reply> operate(unsigned short port, const Operation& operation);
[[nodiscard]] std::future<std::optional<Reply>> operate_async(unsigned short port, Operation operation);

/// As a good client: again under the same key, at the next port, while it is in flight, unsettled, not taken or cut off.
[[nodiscard]] Reply settled_operation(const std::vector<unsigned short>& ports, const Operation& operation);

/// All of them at the same moment as good clients, each beginning at the next of the ports.
[[nodiscard]] std::vector<Reply> all_settled(const std::vector<unsigned short>& ports,
                                             const std::vector<Operation>& operations);

/// Operations on the one service of a stage.
class Till {
public:
    explicit Till(const EventStage& stage) : stage_(stage) {}

    [[nodiscard]] Reply ask(const Operation& operation) const { return must(operate(stage_.port(), operation)); }
    [[nodiscard]] Reply settle(const Operation& operation) const { return settled_operation({stage_.port()}, operation); }
    [[nodiscard]] Reply charge(const std::string& id) const { return stage_.get("/charge/" + id); }
    /// The amounts that the gateway moved by effects of this type, as "refund", each by itself.
    [[nodiscard]] std::vector<long long> moved(const std::string& type, const std::string& order_id = "ord_1") const;
    [[nodiscard]] long long given_back(const std::string& order_id = "ord_1") const;
    /// A sample of /metrics, by its name and labels; empty when it is not told.
    [[nodiscard]] std::string sample(const std::string& series) const;

private:
    const EventStage& stage_;
};

/// 202 with the charge as it stands, and where and when to look again.
void check_unsettled(const Reply& reply, const std::string& charge_id);

/// Byte for byte the first answer, told from it by a header alone.
void check_replay(const Reply& again, const Reply& first);

}  // namespace tollgate::test
