#pragma once

#include <string>
#include <string_view>

namespace tollgate {

/// Something a human must look at (contract: `page.url`).
struct Page {
    std::string_view kind;      // failed_compensation, missing_gateway, echo_mismatch, dead_letter, unknown_outcome_stuck
    std::string_view severity;  // "critical" or "warning"
    std::string charge_id;
    std::string detail;
};

/// Calls somebody. Asked before the state that it tells of is made durable, so a crash in between pages twice, never not
/// at all.
class Pager {
public:
    virtual ~Pager() = default;
    virtual void page(Page page) = 0;

    /// Worth knowing in time, and nobody is called for it.
    virtual void warn(std::string charge_id, std::string detail) = 0;
};

}  // namespace tollgate
