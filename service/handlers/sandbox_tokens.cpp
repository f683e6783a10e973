#include "service/handlers/sandbox_tokens.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <memory>

#include "json/strict_json.hpp"

namespace tollgate {
namespace {

namespace json = boost::json;

constexpr std::size_t body_max = 4096;

/// Memory for what is parsed of a body, overwritten with it. Parsing may take more than the body is long.
class Room {
public:
    Room() = default;
    ~Room() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }
    Room(const Room&) = delete;
    Room& operator=(const Room&) = delete;

    [[nodiscard]] json::storage_ptr memory() noexcept { return &resource_; }

private:
    std::array<unsigned char, 64 * body_max> bytes_;
    json::monotonic_resource resource_{bytes_.data(), bytes_.size()};
};

/// The card number in the body: a view into the parsed value.
Result<std::string_view> number_in(const json::value& body) {
    const json::object* const card = body.if_object();
    const json::value* const number = card == nullptr ? nullptr : card->if_contains("number");
    if (number == nullptr || !number->is_string())
        return fail(Code::validation_failed, "the body must be an object with a string \"number\": a test card's");
    constexpr std::array<std::string_view, 4> known{"number", "exp_month", "exp_year", "cvc"};
    for (const auto& [name, value] : *card) {
        if (std::ranges::find(known, std::string_view(name)) == known.end())
            return fail(Code::validation_failed, "the body has a member that is none of number, exp_month, exp_year and cvc");
    }
    return std::string_view(number->get_string());
}

Task<http::Response> post_card(Tokenizer& tokenizer, http::Request& request) {
    if (request.body.size() > body_max)
        co_return http::problem_response({Code::invalid_json, "the body must be at most 4096 bytes long"}, request);
    const auto room = std::make_unique<Room>();
    const auto body = parse_strict_json(request.body, room->memory());
    if (!body) co_return http::problem_response(body.error(), request);
    const auto number = number_in(*body);
    if (!number) co_return http::problem_response(number.error(), request);
    const auto made = co_await tokenizer.tokenize(*number);
    if (!made) co_return http::problem_response(made.error(), request);
    http::Response response;
    response.body = json::serialize(json::object{{"token", made->token}, {"brand", made->brand}, {"last4", made->last4}});
    co_return response;
}

}  // namespace

http::Route sandbox_tokens_route(Tokenizer& tokenizer) {
    return {.method = "POST", .pattern = "/sandbox/tokens", .handler = [&tokenizer](http::Request& request) {
                return post_card(tokenizer, request);
            }};
}

}  // namespace tollgate
