#include "payments/checker.hpp"

#include <algorithm>

#include "json/strict_json.hpp"
#include "redaction/card_number.hpp"

namespace tollgate {
namespace {

namespace json = boost::json;

bool holds_card_data(const json::value& value) {
    if (const json::string* text = value.if_string()) return holds_card_number(*text);
    if (const json::array* array = value.if_array()) return std::ranges::any_of(*array, holds_card_data);
    if (const json::object* object = value.if_object()) {
        return std::ranges::any_of(*object, [](const json::key_value_pair& member) {
            return holds_card_number(member.key()) || names_card_secret(member.key()) || holds_card_data(member.value());
        });
    }
    return false;
}

}  // namespace

bool visible_ascii(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
}

bool printable(std::string_view text) {
    return std::ranges::none_of(text, [](unsigned char c) { return c < ' ' || c == 0x7f; });
}

std::unexpected<Rejection> reject(PaymentError error, std::vector<FieldError> errors) {
    return std::unexpected(Rejection{std::move(error), std::move(errors)});
}

std::expected<json::value, Rejection> read_object(std::string_view body, json::storage_ptr memory, std::string_view instead) {
    auto parsed = parse_strict_json(body, std::move(memory));
    if (!parsed) return reject(std::move(parsed.error()));
    if (holds_card_data(*parsed)) {
        return reject(
            {Code::pan_not_accepted, "the body holds a card number or a card's security code; " + std::string(instead)});
    }
    if (!parsed->is_object()) {
        return reject({Code::validation_failed, "the body must be a JSON object"}, {{"", "must be an object"}});
    }
    return std::move(*parsed);
}

void Checker::only(const json::object& object, const std::string& at, std::initializer_list<std::string_view> known) {
    for (const auto& member : object) {
        const std::string_view name = member.key();
        if (std::ranges::find(known, name) != known.end()) continue;
        const bool showable = name.size() <= metadata_key_max && printable(name) && name.find_first_of("~/") == name.npos;
        wrong(at + "/" + (showable ? std::string(name) : "…"),
              "is not a member this service knows; remove it or mend its name");
    }
}

const json::object& Checker::object(const json::object& parent, std::string_view name, const std::string& at) {
    static const json::object empty;
    const json::value* value = parent.if_contains(name);
    if (value != nullptr && value->is_object()) return value->get_object();
    wrong(at, value == nullptr ? "is required" : "must be an object");
    return empty;
}

std::string Checker::text(const json::object& parent, std::string_view name, const std::string& at,
                          bool (*fit)(std::string_view), const char* what) {
    const json::value* value = parent.if_contains(name);
    if (value == nullptr) {
        if (!(parent.empty() && suppressed(at))) wrong(at, "is required");
        return {};
    }
    const json::string* string = value->if_string();
    if (string == nullptr || string->empty() || string->size() > text_max || !fit(*string)) {
        wrong(at, what);
        return {};
    }
    return std::string(*string);
}

std::int64_t Checker::integer(const json::object& parent, std::string_view name, const std::string& at, std::int64_t max) {
    const json::value* value = parent.if_contains(name);
    if (value == nullptr) {
        wrong(at, "is required");
        return 0;
    }
    const std::int64_t* number = value->if_int64();
    if (number == nullptr || *number < 1 || *number > max) {
        wrong(at, "must be an integer literal from 1 to " + std::to_string(max));
        return 0;
    }
    return *number;
}

std::optional<Rejection> Checker::rejection() && {
    if (errors_.empty()) return std::nullopt;
    return Rejection{{Code::validation_failed, "see `errors` for each place and its mend"}, std::move(errors_)};
}

bool Checker::suppressed(const std::string& at) const {
    return std::ranges::any_of(errors_, [&](const FieldError& e) { return at.starts_with(e.pointer + "/"); });
}

}  // namespace tollgate
