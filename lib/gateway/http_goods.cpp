#include "gateway/http_goods.hpp"

#include "core/json_writer.hpp"
#include "gateway/http_call.hpp"

namespace tollgate {
namespace {

std::string place_body(const GoodsRequest& request) {
    JsonWriter body;
    body.begin_object().member("reference", request.reference).member("order_id", request.order_id);
    body.name("items").begin_array();
    for (const Item& item : request.items) {
        body.begin_object().member("sku", item.sku).member("quantity", item.quantity).end_object();
    }
    return body.end_array().end_object().take();
}

}  // namespace

Task<Result<std::string>> HttpGoods::place(GoodsRequest request, CallContext context) {
    const Ask how = context.ask;
    section6::Step step{std::string(words_.path), how == Ask::perform ? place_body(request) : ""};
    const auto reply = co_await section6::ask(exchange_, "", std::move(step), std::move(context));
    if (!reply) co_return fail(reply.error());
    const auto answer = section6::interpret(*reply, how, section6::Side::goods);
    if (!answer) co_return fail(answer.error());
    if (answer->contains("reference") && section6::text_in(*answer, "reference") != request.reference)
        co_return fail(Code::echo_mismatch, "answered about another charge than was asked");
    co_return section6::id_in(*answer, words_.id_member);
}

Task<Result<std::string>> HttpGoods::undo(std::string id, CallContext context) {
    const Ask how = context.ask;
    const std::string path = std::string(words_.path) + "/" + section6::percent_encode(id) + "/" + std::string(words_.undo);
    const auto reply = co_await section6::ask(exchange_, "", section6::Step{path, "{}"}, std::move(context));
    if (!reply) co_return fail(reply.error());
    const bool bare = reply->body.empty() && (reply->status == 200 || reply->status == 204);  // the contract asks for no body
    if (bare) co_return id;
    const auto answer = section6::interpret(*reply, how, section6::Side::goods);
    if (!answer) co_return fail(answer.error());
    const boost::json::string_view member(words_.id_member.data(), words_.id_member.size());
    if (answer->contains(member) && section6::text_in(*answer, words_.id_member) != id)
        co_return fail(Code::echo_mismatch, "answered about other goods than were asked");
    co_return id;
}

}  // namespace tollgate
