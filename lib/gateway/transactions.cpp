#include "gateway/transactions.hpp"

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>

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

/// The name of the first member that is wrong; empty: none is.
std::string_view read_row(const object& row, GatewayTransaction& out) {
    const std::string_view id = text_in(row, "id");
    if (id.empty() || !is_plain(id, text_max)) return "id";
    const value* const reference = row.if_contains("reference");
    const bool named = reference != nullptr && !reference->is_null();
    if (named && (!reference->is_string() || !is_plain(text_in(row, "reference"), text_max))) return "reference";
    const std::string_view type = text_in(row, "type");
    if (!is_one_of(types, type)) return "type";
    const value* const amount = row.if_contains("amount");
    if (amount == nullptr || !amount->is_int64() || amount->get_int64() < 0 || amount->get_int64() > Money::minor_max)
        return "amount";
    const auto currency = Currency::from_code(text_in(row, "currency"));
    if (!currency) return "currency";
    const std::string_view status = text_in(row, "status");
    if (!is_one_of(states, status)) return "status";
    const auto at = parse_rfc3339(text_in(row, "created_at"));
    if (!at) return "created_at";

    out = {.id = redact(id),
           .reference = redact(text_in(row, "reference")),
           .type = std::string(type),
           .amount = amount->get_int64(),
           .currency = std::string(currency->code()),
           .status = std::string(status),
           .created_at = *at};
    return {};
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
        const std::string_view wrong = read_row(*members, out.data.emplace_back());
        if (!wrong.empty())
            return fail(Code::unreadable_answer, place + "." + std::string(wrong) + " of the transactions cannot be read");
    }
    const value* const next = page.if_contains("next_cursor");
    if (next == nullptr || next->is_null()) return out;
    const std::string_view cursor = text_in(page, "next_cursor");
    if (!next->is_string() || !is_plain(cursor, cursor_max))
        return fail(Code::unreadable_answer, "next_cursor of the transactions cannot be read");
    out.next_cursor = cursor;
    return out;
}

}  // namespace tollgate
