#include "payments/operation_request.hpp"

#include "json/strict_json.hpp"
#include "payments/checker.hpp"
#include "payments/keys.hpp"

namespace tollgate {

std::expected<ParsedOperation, Rejection> parse_operation_request(OperationKind kind, std::string_view body) {
    const auto parsed = read_object(body.empty() ? "{}" : body, {}, "nothing of a card is needed here");
    if (!parsed) return std::unexpected(parsed.error());
    const boost::json::object& root = parsed->get_object();

    Checker check;
    OperationRequest request{.kind = kind};
    switch (kind) {
        case OperationKind::capture:
            check.only(root, "", {"amount"});
            break;
        case OperationKind::refund:
            check.only(root, "", {"amount", "reason"});
            if (root.contains("reason")) request.reason = check.text(root, "reason", "/reason", printable, printable_mend);
            break;
        case OperationKind::void_authorization:
        case OperationKind::confirm:
            check.only(root, "", {});
            break;
    }
    const bool moves_money = kind == OperationKind::capture || kind == OperationKind::refund;
    if (moves_money && root.contains("amount")) {
        request.amount = check.integer(root, "amount", "/amount", Money::minor_max);
    }
    if (auto rejection = std::move(check).rejection()) return std::unexpected(std::move(*rejection));
    return ParsedOperation{std::move(request), fingerprint(canonical_json(*parsed))};
}

}  // namespace tollgate
