#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace tollgate {

/// Writes JSON text (RFC 8259) straight into a string: no tree is built, commas come by themselves. Strings must be valid
/// UTF-8. The caller opens and closes in order, and names each member of an object once.
///
///     JsonWriter out;
///     out.begin_object().member("id", id).member("amount", 4999).end_object();
class JsonWriter {
public:
    explicit JsonWriter(std::size_t expected = 512) { text_.reserve(expected); }

    JsonWriter& begin_object() { return open('{'); }
    JsonWriter& end_object() { return close('}'); }
    JsonWriter& begin_array() { return open('['); }
    JsonWriter& end_array() { return close(']'); }

    /// What is written next is this member's value.
    JsonWriter& name(std::string_view name);

    JsonWriter& value(std::string_view text);
    JsonWriter& value(const char* text) { return value(std::string_view(text)); }
    template <std::integral Number>
    JsonWriter& value(Number number) {
        if constexpr (std::same_as<Number, bool>) {
            return literal(number ? "true" : "false");
        } else {
            return integer(static_cast<std::int64_t>(number));
        }
    }

    template <class Value>
    JsonWriter& member(std::string_view its_name, const Value& its_value) {
        return name(its_name).value(its_value);
    }
    /// The same, left out when it is empty.
    JsonWriter& member_if_any(std::string_view its_name, std::string_view its_value) {
        return its_value.empty() ? *this : member(its_name, its_value);
    }

    /// A member whose value is JSON text already.
    JsonWriter& json(std::string_view its_name, std::string_view its_text) { return name(its_name).literal(its_text); }

    [[nodiscard]] std::string take() { return std::move(text_); }

private:
    JsonWriter& open(char bracket) {
        put({&bracket, 1});
        comma_ = false;
        return *this;
    }
    JsonWriter& close(char bracket) {
        comma_ = false;
        return literal({&bracket, 1});
    }
    JsonWriter& literal(std::string_view text) {
        put(text);
        comma_ = true;
        return *this;
    }
    JsonWriter& integer(std::int64_t number);
    void put(std::string_view text);
    void put_string(std::string_view text, char after);

    std::string text_;
    bool comma_ = false;  // stands before the next name or value
};

/// Appends a JSON string with its quotes.
void append_json_string(std::string& out, std::string_view text);

}  // namespace tollgate
