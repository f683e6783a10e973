#include <algorithm>
#include <array>
#include <boost/json/basic_parser_impl.hpp>
#include <cstdint>
#include <limits>
#include <utility>

#include "gateway/transactions.hpp"
#include "json/strict_json.hpp"
#include "reconciliation/gateway_report_rows.hpp"

namespace tollgate::reconciliation {
namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, 7> members{"id", "reference", "type", "amount", "currency", "status", "created_at"};
constexpr std::string_view mend = "a page is an object with a list \"data\", as GET /v1/transactions answers";

/// A member's value, as far as a movement can be told from it.
struct Value {
    enum class Kind : std::uint8_t { absent, null, text, whole_number, other };
    static constexpr std::size_t text_max = 256;  // what is longer is no member of a movement, but may be a type to pass over

    Kind kind = Kind::absent;
    std::string text;
    std::int64_t amount = 0;

    void add(std::string_view part) { text.append(part.substr(0, text_max - std::min(text.size(), text_max))); }
};

/// Follows the parser's events through a page; keeps one row.
class PageHandler {
public:
    static constexpr std::size_t max_object_size = std::numeric_limits<std::size_t>::max();
    static constexpr std::size_t max_array_size = std::numeric_limits<std::size_t>::max();
    static constexpr std::size_t max_key_size = std::size_t{1} << 20;
    static constexpr std::size_t max_string_size = std::size_t{1} << 20;

    std::vector<GatewayTransaction>* out = nullptr;  // while a piece is read

    [[nodiscard]] const std::string& problem() const noexcept { return problem_; }
    /// The page names another one behind it.
    [[nodiscard]] bool goes_on() const noexcept { return goes_on_; }

    bool on_document_begin(json::error_code&) {
        ++page_;
        has_data_ = goes_on_ = false;
        return true;
    }
    bool on_document_end(json::error_code& error) {
        return has_data_ || wrong(error, ": there is no list \"data\"; " + std::string(mend));
    }
    bool on_object_begin(json::error_code& error) {
        if (depth_ == 2 && in_data_) {
            row_ = {};
        } else if (depth_ > 0 && !take({.kind = Value::Kind::other}, error)) {
            return false;
        }
        ++depth_;
        return true;
    }
    bool on_object_end(std::size_t, json::error_code& error) {
        --depth_;
        return !(in_data_ && depth_ == 2) || end_row(error);
    }
    bool on_array_begin(json::error_code& error) {
        if (depth_ == 1 && key_ == "data") {
            if (has_data_) return wrong(error, ": \"data\" stands twice");
            has_data_ = in_data_ = true;
            rows_ = 0;
        } else if (!take({.kind = Value::Kind::other}, error)) {
            return false;
        }
        ++depth_;
        return true;
    }
    bool on_array_end(std::size_t, json::error_code&) {
        if (--depth_ == 1) in_data_ = false;
        return true;
    }
    bool on_key_part(json::string_view part, std::size_t, json::error_code&) {
        if (std::exchange(key_ended_, false)) key_.clear();
        if (key_.size() < longest_key) key_.append(part.substr(0, longest_key));
        return true;
    }
    bool on_key(json::string_view part, std::size_t size, json::error_code& error) {
        (void)on_key_part(part, size, error);
        key_ended_ = true;
        return true;
    }
    bool on_string_part(json::string_view part, std::size_t, json::error_code&) {
        text_.add(part);
        return true;
    }
    bool on_string(json::string_view part, std::size_t, json::error_code& error) {
        text_.add(part);
        text_.kind = Value::Kind::text;
        return take(std::exchange(text_, {}), error);
    }
    bool on_number_part(json::string_view, json::error_code&) { return true; }
    bool on_int64(std::int64_t number, json::string_view, json::error_code& error) {
        return take({.kind = Value::Kind::whole_number, .amount = number}, error);
    }
    bool on_uint64(std::uint64_t, json::string_view, json::error_code& error) {
        return take({.kind = Value::Kind::other}, error);
    }
    bool on_double(double, json::string_view, json::error_code& error) { return take({.kind = Value::Kind::other}, error); }
    bool on_bool(bool, json::error_code& error) { return take({.kind = Value::Kind::other}, error); }
    bool on_null(json::error_code& error) { return take({.kind = Value::Kind::null}, error); }
    bool on_comment_part(json::string_view, json::error_code&) { return true; }
    bool on_comment(json::string_view, json::error_code&) { return true; }

private:
    static constexpr std::size_t longest_key = 16;  // longer than any that matters

    /// A value where it stands; of a list or an object, its begin.
    bool take(Value value, json::error_code& error) {
        if (depth_ == 0) return wrong(error, ": it is no object; " + std::string(mend));
        if (depth_ == 1 && key_ == "data") return wrong(error, ": \"data\" is no list; " + std::string(mend));
        if (depth_ == 1 && key_ == "next_cursor")
            goes_on_ = value.kind != Value::Kind::null && (value.kind != Value::Kind::text || !value.text.empty());
        if (!in_data_) return true;
        if (depth_ == 2) return wrong(error, ", " + row_name() + ": it is no object");
        if (depth_ > 3) return true;
        const auto member = std::ranges::find(members, key_);
        if (member == members.end()) return true;
        Value& place = row_[static_cast<std::size_t>(member - members.begin())];
        if (place.kind != Value::Kind::absent) return wrong(error, ", " + row_name() + "." + key_ + ": it stands twice");
        place = std::move(value);
        return true;
    }

    bool end_row(json::error_code& error) {
        const auto text = [&](std::size_t at) { return std::string_view(row_[at].text); };
        if (!is_passed_over(text(2))) {
            WrittenTransaction written{.id = text(0),
                                       .reference = text(1),
                                       .type = text(2),
                                       .currency = text(4),
                                       .status = text(5),
                                       .created_at = text(6)};
            if (row_[1].kind == Value::Kind::whole_number || row_[1].kind == Value::Kind::other) written.reference.reset();
            if (row_[3].kind == Value::Kind::whole_number) written.amount = row_[3].amount;
            auto movement = check_transaction(written);
            if (!movement)
                return wrong(error, ", " + row_name() + "." + std::string(movement.error()) + ": it must be " +
                                        std::string(must_be(movement.error())));
            out->push_back(std::move(*movement));
        }
        ++rows_;
        return true;
    }

    [[nodiscard]] std::string row_name() const { return "data[" + std::to_string(rows_) + "]"; }

    bool wrong(json::error_code& error, const std::string& why) {
        problem_ = ", page " + std::to_string(page_) + why;
        error = json::error::syntax;
        return false;
    }

    std::size_t page_ = 0;
    std::size_t rows_ = 0;   // of this page
    std::size_t depth_ = 0;  // lists and objects that are open
    bool has_data_ = false;
    bool in_data_ = false;
    bool goes_on_ = false;
    bool key_ended_ = false;
    std::string key_;  // the last one, or its first letters
    Value text_;       // a string that comes in parts
    std::array<Value, members.size()> row_;
    std::string problem_;
};

json::parse_options strict() {
    json::parse_options options;
    options.max_depth = json_depth_max;
    return options;
}

class JsonRows final : public ReportRows {
public:
    Read read(std::string_view piece, std::vector<GatewayTransaction>& out) override {
        parser_.handler().out = &out;
        while (!piece.empty()) {
            if (!in_page_) {
                skip(piece, std::min(piece.find_first_not_of(" \t\r\n"), piece.size()));
                if (piece.empty()) break;
                parser_.reset();
                in_page_ = has_page_ = true;
            }
            json::error_code error;
            skip(piece, parser_.write_some(true, piece.data(), piece.size(), error));
            if (error) return std::unexpected(why(error));
            in_page_ = !parser_.done();
        }
        return {};
    }

    Read end(std::vector<GatewayTransaction>&) override {
        if (!has_page_) return std::unexpected(" is empty; " + std::string(mend));
        if (in_page_) return std::unexpected(place() + ": it ends in the middle of a page; fetch it again");
        if (parser_.handler().goes_on())
            return std::unexpected(": its last page names another one (next_cursor); append all pages of the day");
        return {};
    }

private:
    void skip(std::string_view& piece, std::size_t count) {
        const std::string_view read = piece.substr(0, count);
        piece.remove_prefix(count);
        const auto breaks = std::ranges::count(read, '\n');
        line_ += static_cast<std::size_t>(breaks);
        column_ = breaks > 0 ? read.size() - read.rfind('\n') : column_ + read.size();
    }

    [[nodiscard]] std::string place() const {
        return ", line " + std::to_string(line_) + ", column " + std::to_string(column_);
    }

    [[nodiscard]] std::string why(const json::error_code& error) const {
        const std::string& problem = parser_.handler().problem();
        return problem.empty() ? place() + ": it cannot be read as JSON: " + error.message() : problem;
    }

    json::basic_parser<PageHandler> parser_{strict()};
    bool in_page_ = false;
    bool has_page_ = false;
    std::size_t line_ = 1;
    std::size_t column_ = 1;
};

}  // namespace

std::unique_ptr<ReportRows> json_rows() {
    return std::make_unique<JsonRows>();
}

}  // namespace tollgate::reconciliation
