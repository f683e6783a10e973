#include "gateway/stripe/books.hpp"

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>

#include "gateway/http_call.hpp"
#include "gateway/stripe/amounts.hpp"
#include "gateway/stripe/answers.hpp"
#include "redaction/redact.hpp"

namespace tollgate::stripe {
namespace {

using boost::json::object;
using section6::text_in;

struct Category {
    std::string_view name;
    std::string_view source;  // the object that moved
    std::string_view amount;  // its member
    std::string_view type;
    std::string_view status;
};

constexpr std::array<Category, 4> categories{{{"charge", "charge", "amount_captured", "capture", "captured"},
                                              {"refund", "refund", "amount", "refund", "refunded"},
                                              {"refund_failure", "refund", "amount", "refund", "failed"},
                                              {"dispute", "dispute", "amount", "dispute", "disputed"}}};

std::string_view charge_of(const object& source) {
    const std::string_view own = text_in(object_in(source, "metadata"), "reference");
    return own.empty() ? text_in(object_in(object_in(source, "charge"), "metadata"), "reference") : own;
}

bool has_failed(const object& refund) {
    const std::string_view status = text_in(refund, "status");
    return status == "failed" || status == "canceled";
}

std::optional<GatewayTransaction> read_row(const object& row, const Category& category) {
    const object& source = object_in(row, "source");
    const auto amount = number_in(source, category.amount);
    const auto money = amount ? from_stripe(*amount, text_in(source, "currency")) : std::nullopt;
    const auto created = number_in(row, "created");
    const auto id = section6::id_in(source, "id");
    if (text_in(source, "object") != category.source || !money || !created || !id) return std::nullopt;
    const bool failed = category.source == "refund" && has_failed(source);
    return GatewayTransaction{.id = *id,
                              .reference = redact(charge_of(source)),
                              .type = std::string(category.type),
                              .amount = money->minor,
                              .currency = std::string(money->currency.code()),
                              .status = std::string(failed ? "failed" : category.status),
                              .created_at = WallTime(std::chrono::seconds(*created))};
}

}  // namespace

Result<TransactionPage> read_balance(const object& page) {
    const auto* const data = page.if_contains("data");
    const auto* const more = page.if_contains("has_more");
    if (data == nullptr || !data->is_array() || more == nullptr || !more->is_bool())
        return fail(Code::unreadable_answer, "Stripe answered with something else than a list");

    TransactionPage out;
    std::string last;
    for (const auto& one : data->get_array()) {
        const object* const row = one.if_object();
        auto id = section6::id_in(row == nullptr ? object() : *row, "id");
        if (!id) return fail(Code::unreadable_answer, "Stripe listed a balance transaction without an id");
        last = *std::move(id);
        const auto category = std::ranges::find(categories, text_in(*row, "reporting_category"), &Category::name);
        if (category == categories.end()) continue;
        auto read = read_row(*row, *category);
        if (!read) return fail(Code::unreadable_answer, "Stripe's balance transaction " + last + " cannot be read");
        out.data.push_back(*std::move(read));
    }
    if (more->get_bool() && last.empty()) return fail(Code::unreadable_answer, "Stripe promised more of an empty list");
    if (more->get_bool()) out.next_cursor = std::move(last);
    return out;
}

}  // namespace tollgate::stripe
