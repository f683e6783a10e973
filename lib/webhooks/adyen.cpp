#include "webhooks/adyen.hpp"

#include <array>
#include <optional>

#include "json/strict_json.hpp"

namespace tollgate::webhooks {
namespace {

namespace json = boost::json;

constexpr std::size_t items_max = 100;
constexpr std::array<std::string_view, 4> names_before_amount{"pspReference", "originalReference", "merchantAccountCode",
                                                              "merchantReference"};

const json::value null;

const json::value& member(const json::object& object, std::string_view name) {
    const json::value* const found = object.if_contains(name);
    return found == nullptr ? null : *found;
}

/// As it is signed; nothing for a value that no such field has.
std::optional<std::string> plain_text(const json::value& value) {
    if (value.is_null()) return std::string();
    if (const json::string* const text = value.if_string()) return std::string(*text);
    if (const bool* const truth = value.if_bool()) return std::string(*truth ? "true" : "false");
    if (const std::int64_t* const number = value.if_int64()) return std::to_string(*number);
    return std::nullopt;
}

std::optional<std::string> signed_text_of(const json::object& item) {
    const json::object* const amount = member(item, "amount").if_object();
    std::vector<const json::value*> fields;
    for (const std::string_view name : names_before_amount) fields.push_back(&member(item, name));
    fields.push_back(amount == nullptr ? &null : &member(*amount, "value"));
    fields.push_back(amount == nullptr ? &null : &member(*amount, "currency"));
    fields.push_back(&member(item, "eventCode"));
    fields.push_back(&member(item, "success"));

    std::string text;
    for (const json::value* const field : fields) {
        const auto plain = plain_text(*field);
        if (!plain) return std::nullopt;
        text.append(*plain).append(":");
    }
    text.pop_back();
    return text;
}

std::optional<AdyenItem> read_item(const json::value& wrapped) {
    const json::object* const wrapper = wrapped.if_object();
    const json::object* const item = wrapper == nullptr ? nullptr : member(*wrapper, "NotificationRequestItem").if_object();
    const json::object* const additional = item == nullptr ? nullptr : member(*item, "additionalData").if_object();
    const json::string* const signature = additional == nullptr ? nullptr : member(*additional, "hmacSignature").if_string();
    if (signature == nullptr) return std::nullopt;
    auto text = signed_text_of(*item);
    if (!text) return std::nullopt;
    return AdyenItem{*item, std::move(*text), std::string(*signature)};
}

std::unexpected<PaymentError> nothing_signed(std::string why) {
    return fail(Code::webhook_signature_invalid, std::move(why));
}

}  // namespace

Result<std::vector<AdyenItem>> adyen_items(std::string_view body) {
    const auto parsed = parse_strict_json(body);
    const json::object* const object = parsed ? parsed->if_object() : nullptr;
    const json::array* const array = object == nullptr ? nullptr : member(*object, "notificationItems").if_array();
    if (array == nullptr || array->empty()) return nothing_signed("there is no notificationItems with an item in it");
    if (array->size() > items_max) return nothing_signed("there are more than 100 items");
    std::vector<AdyenItem> items;
    for (const json::value& wrapped : *array) {
        auto item = read_item(wrapped);
        if (!item) return nothing_signed("an item has no signature that could be judged");
        items.push_back(std::move(*item));
    }
    return items;
}

}  // namespace tollgate::webhooks
