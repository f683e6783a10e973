#include "gateway/transactions.hpp"

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <utility>

#include "core/money.hpp"
#include "gateway/http_call.hpp"
#include "gateway/rfc3339.hpp"
#include "redaction/redact.hpp"

namespace tollgate {
namespace {

using boost::json::object;
using boost::json::value;
using section6::text_in;

constexpr std::size_t text_max = 255;
constexpr std::size_t cursor_max = 1024;
constexpr std::array<std::string_view, 5> types{"authorize", "capture", "void", "refund", "dispute"};
constexpr std::array<std::string_view, 6> states{"authorized", "captured", "voided", "refunded", "disputed", "failed"};

bool is_plain(std::string_view text, std::size_t size_max) {
    return text.size() <= size_max && std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
}

template <std::size_t N>
bool is_one_of(const std::array<std::string_view, N>& words, std::string_view word) {
    return std::ranges::find(words, word) != words.end();
}

WrittenTransaction written_in(const object& row) {
    WrittenTransaction written{.id = text_in(row, "id"),
                               .reference = text_in(row, "reference"),
                               .type = text_in(row, "type"),
                               .currency = text_in(row, "currency"),
                               .status = text_in(row, "status"),
                               .created_at = text_in(row, "created_at")};
    const value* const reference = row.if_contains("reference");
    if (reference != nullptr && !reference->is_null() && !reference->is_string()) written.reference.reset();
    const value* const amount = row.if_contains("amount");
    if (amount != nullptr && amount->is_int64()) written.amount = amount->get_int64();
    return written;
}

}  // namespace

Result<TransactionPage> read_transactions(const object& page) {
    const value* const data = page.if_contains("data");
    if (data == nullptr || !data->is_array()) return fail(Code::unreadable_answer, "the transactions have no list \"data\"");
    if (data->get_array().size() > transactions_page_max)
        return fail(Code::unreadable_answer, "a page of transactions holds more than 10000");

    TransactionPage out;
    out.data.reserve(data->get_array().size());
    for (const value& row : data->get_array()) {
        const std::string place = "data[" + std::to_string(out.data.size()) + "]";
        const object* const members = row.if_object();
        if (members == nullptr) return fail(Code::unreadable_answer, place + " of the transactions is no object");
        auto movement = check_transaction(written_in(*members));
        if (!movement)
            return fail(Code::unreadable_answer,
                        place + "." + std::string(movement.error()) + " of the transactions cannot be read");
        out.data.push_back(std::move(*movement));
    }
    const value* const next = page.if_contains("next_cursor");
    if (next == nullptr || next->is_null()) return out;
    const std::string_view cursor = text_in(page, "next_cursor");
    if (!next->is_string() || !is_plain(cursor, cursor_max))
        return fail(Code::unreadable_answer, "next_cursor of the transactions cannot be read");
    out.next_cursor = cursor;
    return out;
}

std::expected<GatewayTransaction, std::string_view> check_transaction(const WrittenTransaction& written) {
    if (written.id.empty() || !is_plain(written.id, text_max)) return std::unexpected("id");
    if (!written.reference || !is_plain(*written.reference, text_max)) return std::unexpected("reference");
    if (!is_transaction_type(written.type)) return std::unexpected("type");
    if (!written.amount || *written.amount < 0 || *written.amount > Money::minor_max) return std::unexpected("amount");
    const auto currency = Currency::from_code(written.currency);
    if (!currency) return std::unexpected("currency");
    if (!is_one_of(states, written.status)) return std::unexpected("status");
    const auto at = parse_rfc3339(written.created_at);
    if (!at) return std::unexpected("created_at");
    return GatewayTransaction{.id = redact(written.id),
                              .reference = redact(*written.reference),
                              .type = std::string(written.type),
                              .amount = *written.amount,
                              .currency = std::string(currency->code()),
                              .status = std::string(written.status),
                              .created_at = *at};
}

std::string_view must_be(std::string_view member) noexcept {
    if (member == "id") return "1 to 255 visible ASCII characters";
    if (member == "reference") return "a charge's id, or empty; at most 255 visible ASCII characters";
    if (member == "type") return "authorize, capture, void, refund or dispute, in lower case";
    if (member == "amount")
        return "a whole number of the currency's minor unit from 0 to 999999999999, like 4999 for 49.99 USD";
    if (member == "currency") return "an ISO 4217 code in upper case, like USD";
    if (member == "status") return "authorized, captured, voided, refunded, disputed or failed";
    return "a time like 2026-11-22T10:00:00.000Z (RFC 3339)";
}

bool is_transaction_type(std::string_view type) noexcept {
    return is_one_of(types, type);
}

}  // namespace tollgate
