#include "payments/request.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "core/country.hpp"
#include "json/strict_json.hpp"
#include "payments/checker.hpp"
#include "payments/keys.hpp"
#include "redaction/card_number.hpp"

namespace tollgate {
namespace {

namespace json = boost::json;

bool email_like(std::string_view text) {
    const auto at = text.find('@');
    return visible_ascii(text) && at != text.npos && at > 0 && at + 1 < text.size() && text.find('@', at + 1) == text.npos;
}

Customer read_customer(const json::object& root, Checker& check) {
    const json::object& in = check.object(root, "customer", "/customer");
    check.only(in, "/customer", {"id", "email", "country"});
    return {
        check.text(in, "id", "/customer/id", printable, printable_mend),
        check.text(in, "email", "/customer/email", email_like, "must be an e-mail address of at most 255 characters"),
        check.text(in, "country", "/customer/country", is_country, "must be an ISO 3166-1 alpha-2 country code in upper case")};
}

std::vector<Item> read_items(const json::object& root, Checker& check) {
    const json::value* value = root.if_contains("items");
    const json::array* array = value == nullptr ? nullptr : value->if_array();
    if (array == nullptr || array->empty() || array->size() > items_max) {
        check.wrong("/items", value == nullptr ? "is required" : "must be an array of 1 to 100 items");
        return {};
    }
    std::vector<Item> items;
    for (std::size_t i = 0; i < array->size(); ++i) {
        const std::string at = "/items/" + std::to_string(i);
        const json::object* item = (*array)[i].if_object();
        if (item == nullptr) {
            check.wrong(at, "must be an object");
            continue;
        }
        check.only(*item, at, {"sku", "quantity"});
        items.push_back({check.text(*item, "sku", at + "/sku", printable, printable_mend),
                         check.integer(*item, "quantity", at + "/quantity", quantity_max)});
    }
    return items;
}

std::vector<std::pair<std::string, std::string>> read_metadata(const json::object& root, Checker& check) {
    std::vector<std::pair<std::string, std::string>> metadata;
    const json::value* value = root.if_contains("metadata");
    if (value == nullptr) return metadata;
    const json::object* object = value->if_object();
    if (object == nullptr || object->size() > metadata_max) {
        check.wrong("/metadata", "must be an object of at most 50 strings");
        return metadata;
    }
    for (const auto& [key, member] : *object) {
        const json::string* text = member.if_string();
        if (key.empty() || key.size() > metadata_key_max || text == nullptr || text->size() > metadata_value_max) {
            check.wrong("/metadata", "names have 1 to 40 bytes, and values are strings of at most 500 bytes");
            return metadata;
        }
        metadata.emplace_back(key, *text);
    }
    return metadata;
}

bool read_manual_capture(const json::object& root, Checker& check) {
    const json::value* value = root.if_contains("capture");
    if (value == nullptr) return false;
    const json::string* text = value->if_string();
    if (text != nullptr && *text == "manual") return true;
    if (text == nullptr || *text != "automatic") check.wrong("/capture", R"(must be "automatic" or "manual")");
    return false;
}

bool read_flag(const json::object& root, std::string_view name, Checker& check) {
    const json::value* value = root.if_contains(name);
    if (value == nullptr) return false;
    if (!value->is_bool()) check.wrong("/" + std::string(name), "must be true or false");
    return value->is_bool() && value->get_bool();
}

std::optional<Currency> read_currency(const json::object& root, Checker& check) {
    const json::value* value = root.if_contains("currency");
    if (value == nullptr) {
        check.wrong("/currency", "is required");
        return std::nullopt;
    }
    const json::string* text = value->if_string();
    auto currency = text == nullptr ? std::nullopt : Currency::from_code(*text);
    if (!currency) check.wrong("/currency", "must be an ISO 4217 currency code in upper case");
    return currency;
}

}  // namespace

std::expected<ParsedCharge, Rejection> parse_charge_request(std::string_view body) {
    // Read and forgotten within this call: memory that is given back all at once.
    std::array<unsigned char, 4096> first;
    json::monotonic_resource memory(first.data(), first.size());
    const auto parsed = read_object(body, &memory, "send a token from the gateway as payment_method");
    if (!parsed) return std::unexpected(parsed.error());
    const json::object& root = parsed->get_object();

    Checker check;
    check.only(
        root, "",
        {"order_id", "amount", "currency", "payment_method", "customer", "items", "capture", "metadata", "allow_duplicate"});
    auto order_id = check.text(root, "order_id", "/order_id", printable, printable_mend);
    const auto minor = check.integer(root, "amount", "/amount", Money::minor_max);
    const auto currency = read_currency(root, check);
    auto payment_method = check.text(root, "payment_method", "/payment_method", visible_ascii,
                                     "must be a token of 1 to 255 visible ASCII characters");
    auto customer = read_customer(root, check);
    auto items = read_items(root, check);
    const bool manual = read_manual_capture(root, check);
    auto metadata = read_metadata(root, check);
    const bool allow_duplicate = read_flag(root, "allow_duplicate", check);
    if (auto rejection = std::move(check).rejection()) return std::unexpected(std::move(*rejection));
    return ParsedCharge{{std::move(order_id), Money{minor, *currency}, std::move(payment_method), std::move(customer),
                         std::move(items), manual, allow_duplicate, std::move(metadata)},
                        fingerprint(canonical_json(*parsed))};
}

Result<std::string> parse_idempotency_key(std::string_view header) {
    std::string key(header);
    if (header.starts_with('"')) {
        key.clear();
        if (header.size() < 2 || header.back() != '"')
            return fail(Code::idempotency_key_invalid, "the quoted Idempotency-Key does not end with a quote");
        for (std::size_t i = 1; i + 1 < header.size(); ++i) {
            if (header[i] == '"')
                return fail(Code::idempotency_key_invalid, "a quote within the Idempotency-Key must be written \\\"");
            if (header[i] == '\\') {
                ++i;
                if (i + 1 >= header.size() || (header[i] != '"' && header[i] != '\\')) {
                    return fail(Code::idempotency_key_invalid, "a backslash within the Idempotency-Key must be written \\\\");
                }
            }
            key += header[i];
        }
    }
    if (key.empty() || key.size() > text_max || !visible_ascii(key)) {
        return fail(Code::idempotency_key_invalid, "the Idempotency-Key must be 1 to 255 visible ASCII characters");
    }
    if (holds_card_number(key)) return fail(Code::pan_not_accepted, "the Idempotency-Key holds a card number");
    return key;
}

}  // namespace tollgate
