#include "json/strict_json.hpp"

#include <algorithm>
#include <array>
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_stack.hpp>
#include <memory_resource>
#include <string>
#include <unordered_set>
#include <vector>

#include "core/json_writer.hpp"

namespace tollgate {
namespace {

namespace json = boost::json;

/// Builds the value as Boost.JSON's own parser does, and refuses a member name that its object already has.
class StrictHandler {
public:
    static constexpr std::size_t max_object_size = 10'000;
    static constexpr std::size_t max_array_size = 10'000;
    static constexpr std::size_t max_key_size = 10'000;
    static constexpr std::size_t max_string_size = std::size_t{1} << 20;

    explicit StrictHandler(json::storage_ptr memory) { stack_.reset(std::move(memory)); }
    json::value release() { return stack_.release(); }
    [[nodiscard]] bool duplicate() const noexcept { return duplicate_; }

    bool on_document_begin(json::error_code&) { return true; }
    bool on_document_end(json::error_code&) { return true; }
    bool on_object_begin(json::error_code&) {
        names_.emplace_back();
        return true;
    }
    bool on_object_end(std::size_t size, json::error_code&) {
        names_.pop_back();
        stack_.push_object(size);
        return true;
    }
    bool on_array_begin(json::error_code&) { return true; }
    bool on_array_end(std::size_t size, json::error_code&) {
        stack_.push_array(size);
        return true;
    }
    bool on_key_part(json::string_view part, std::size_t, json::error_code&) {
        key_.append(part);
        stack_.push_chars(part);
        return true;
    }
    bool on_key(json::string_view part, std::size_t, json::error_code& error) {
        key_.append(part);
        stack_.push_key(part);
        if (!names_.back().emplace(key_).second) {
            duplicate_ = true;
            error = json::error::syntax;
            return false;
        }
        key_.clear();
        return true;
    }
    bool on_string_part(json::string_view part, std::size_t, json::error_code&) {
        stack_.push_chars(part);
        return true;
    }
    bool on_string(json::string_view part, std::size_t, json::error_code&) {
        stack_.push_string(part);
        return true;
    }
    bool on_number_part(json::string_view, json::error_code&) { return true; }
    bool on_int64(std::int64_t value, json::string_view, json::error_code&) {
        stack_.push_int64(value);
        return true;
    }
    bool on_uint64(std::uint64_t value, json::string_view, json::error_code&) {
        stack_.push_uint64(value);
        return true;
    }
    bool on_double(double value, json::string_view, json::error_code&) {
        stack_.push_double(value);
        return true;
    }
    bool on_bool(bool value, json::error_code&) {
        stack_.push_bool(value);
        return true;
    }
    bool on_null(json::error_code&) {
        stack_.push_null();
        return true;
    }
    bool on_comment_part(json::string_view, json::error_code&) { return true; }
    bool on_comment(json::string_view, json::error_code&) { return true; }

private:
    json::value_stack stack_;
    std::array<std::byte, 2048> names_begin_;
    std::pmr::monotonic_buffer_resource names_memory_{names_begin_.data(), names_begin_.size()};
    std::pmr::vector<std::pmr::unordered_set<std::pmr::string>> names_{&names_memory_};
    std::string key_;
    bool duplicate_ = false;
};

void append_canonical(const json::value& value, std::string& out) {
    if (const json::object* object = value.if_object()) {
        std::vector<const json::key_value_pair*> members;
        members.reserve(object->size());
        for (const auto& member : *object) members.push_back(&member);
        std::ranges::sort(members, {}, [](const json::key_value_pair* member) { return std::string_view(member->key()); });
        out += '{';
        for (const json::key_value_pair* member : members) {
            append_json_string(out, member->key());
            out += ':';
            append_canonical(member->value(), out);
            out += ',';
        }
        out += '}';
    } else if (const json::array* array = value.if_array()) {
        out += '[';
        for (const json::value& element : *array) {
            append_canonical(element, out);
            out += ',';
        }
        out += ']';
    } else if (const json::string* text = value.if_string()) {
        append_json_string(out, *text);
    } else {
        out += json::serialize(value);
    }
}

}  // namespace

Result<json::value> parse_strict_json(std::string_view text, json::storage_ptr memory) {
    json::parse_options options;
    options.max_depth = json_depth_max;
    json::basic_parser<StrictHandler> parser(options, std::move(memory));
    json::error_code error;
    const std::size_t read = parser.write_some(false, text.data(), text.size(), error);
    if (!error && read < text.size()) error = json::error::extra_data;
    if (error) {
        const std::string place = " at byte " + std::to_string(read);
        if (parser.handler().duplicate()) return fail(Code::invalid_json, "a member name stands twice in one object" + place);
        if (error == json::error::too_deep) return fail(Code::invalid_json, "nesting is deeper than 32 levels" + place);
        return fail(Code::invalid_json, "the body cannot be read as JSON: " + error.message() + place);
    }
    return parser.handler().release();
}

std::string canonical_json(const json::value& value) {
    std::string out;
    append_canonical(value, out);
    return out;
}

}  // namespace tollgate
