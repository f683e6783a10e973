#pragma once

#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/outside.hpp"

/// What reads the two formats of gateway_report.hpp, apart from any file: text is fed in pieces that may be cut anywhere, and
/// what is kept between them is bounded.
namespace tollgate::reconciliation {

class ReportRows {
public:
    /// Nothing, or what goes on behind the file's name: ", line 3, column amount: …".
    using Read = std::expected<void, std::string>;

    virtual ~ReportRows() = default;

    /// Appends the rows that end in this piece.
    [[nodiscard]] virtual Read read(std::string_view piece, std::vector<GatewayTransaction>& out) = 0;
    /// After the last piece.
    [[nodiscard]] virtual Read end(std::vector<GatewayTransaction>& out) = 0;
};

[[nodiscard]] std::unique_ptr<ReportRows> csv_rows();
[[nodiscard]] std::unique_ptr<ReportRows> json_rows();

/// Whether a row of this type is left out unread: the contract does not name it (payout, fee, …), and it is not one that it
/// names in another case or with blanks around it, since such a slip would make a day's captures disappear.
[[nodiscard]] bool is_passed_over(std::string_view type);

}  // namespace tollgate::reconciliation
