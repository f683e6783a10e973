#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "support/client.hpp"

/// What customers buy, and how it must end.
namespace tollgate::test {

/// What is asked of a charge that has its answer, under a key of its own.
struct Operation {
    std::string path;  // capture, void, refund
    std::string body;
};

/// A kind of order: what it asks to go wrong outside, and the one end it may have.
struct Kind {
    std::string name;
    std::string token;
    std::string sku;
    int status;                 // of the final answer
    std::string code;           // of its problem; empty: none
    std::string charge_status;  // as GET /charge/ID tells it
    std::string effects;        // in the world outside
    std::string more = {};      // members of its body
    std::vector<Operation> then = {};
    std::vector<long long> amounts = {};  // of the money that moves, in its order; empty: always all of it
};

/// All that customers draw from.
[[nodiscard]] const std::vector<Kind>& kinds();

/// The fixed script: one of each sort.
[[nodiscard]] const std::vector<Kind>& script();

/// One order of one customer under its own key.
struct Purchase {
    std::string key;
    Order order;
    const Kind* kind = nullptr;
    std::optional<Reply> answer;     // the first final one; none: it never became final
    std::vector<Reply> after;        // the final answers of its kind's operations, in their order
    std::vector<std::string> heard;  // what else the customer was told, repetitions left out
};

/// `name` is unique within the world and the store.
[[nodiscard]] Purchase make_purchase(const std::string& name, const Kind& kind);

/// One POST /charge for it, whose request id is its order's; what was heard is written down.
[[nodiscard]] std::optional<Reply> ask(Purchase& purchase, unsigned short port);

/// The same for the next of its kind's operations; the charge has its answer.
[[nodiscard]] std::optional<Reply> ask_next(Purchase& purchase, unsigned short port);
/// For the one of this number, again.
[[nodiscard]] std::optional<Reply> ask_operation(Purchase& purchase, std::size_t number, unsigned short port);

/// All is asked and answered.
[[nodiscard]] bool is_settled(const Purchase& purchase);

/// Asks for what is next of it, and keeps a final answer; false when there was none yet.
bool go_on(Purchase& purchase, unsigned short port);

/// The promise was broken.
struct Violation {
    std::string what;
    Purchase purchase;  // without a key: it is about none in particular
};

/// Gathers them, from any thread.
class Violations {
public:
    void add(std::string what, Purchase purchase = {});
    [[nodiscard]] std::size_t count() const;
    [[nodiscard]] std::vector<Violation> all() const;

private:
    mutable std::mutex mutex_;
    std::vector<Violation> all_;
};

/// With the world's own lines of each order and what the processes logged, as far as they name it.
[[nodiscard]] std::string evidence(const Violations& violations, const OutsideLedger& world,
                                   const std::vector<std::string>& logs);

}  // namespace tollgate::test
