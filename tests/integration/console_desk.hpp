#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "integration/event_stage.hpp"
#include "support/browser.hpp"

/// What the tests in a browser have in common: a service whose gateway can be broken, and somebody in front of its console.
namespace tollgate::test {

class Desk {
public:
    enum class Keys : bool { none, some };

    /// The gateway refuses nothing, but while `broken` its voids and refunds are cut off before they are done. A failed undo is
    /// tried again by hand only within the test.
    explicit Desk(Keys keys = Keys::none, Variables more = {});
    /// Nothing was loaded from elsewhere, and the browser had nothing to complain of: no error of a script, no violation of the
    /// policy, no failed request but the 401s of those who are not logged in.
    ~Desk();
    Desk(const Desk&) = delete;
    Desk& operator=(const Desk&) = delete;

    /// As the shop: the id of a charge that is answered with this status.
    std::string charge(const Order& order, int status = 201) const;
    /// Of a charge that needs attention: its capture failed, and its authorization cannot be voided.
    std::string stuck_charge(const Order& order = {.token = "tok_capture_fails"});
    [[nodiscard]] std::string status(const std::string& charge_id) const;

    void open(const std::string& address = "/console");
    void log_in(const std::string& key);
    /// What the browser says of a failed request with these words, as "status of 404", is no complaint in this test.
    void expects(const std::string& words) { expected_ = words; }

    EventStage stage;
    std::atomic<bool> broken{false};
    Browser browser;

    static const std::string operator_key;  // of "olga"
    static const std::string other_key;     // of "omar", an operator too
    static const std::string shop_key;

private:
    Gate gate_;
    bool keys_;
    std::string expected_;
};

}  // namespace tollgate::test
