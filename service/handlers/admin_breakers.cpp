#include "service/handlers/admin_breakers.hpp"

#include "core/json_writer.hpp"

namespace tollgate {

std::string breakers_json(const Breakers& breakers, SteadyTime now) {
    JsonWriter out;
    out.begin_array();
    for (const BreakerView& view : breakers.snapshot(now)) {
        out.begin_object().member("name", view.name).member("state", name(view.state));
        if (view.retry_after > Milliseconds(0)) {
            out.member("retry_after", std::chrono::ceil<std::chrono::seconds>(view.retry_after).count());
        }
        out.end_object();
    }
    return out.end_array().take();
}

http::Route breakers_route(const Runtime& runtime, const Breakers& breakers) {
    return {.method = "GET",
            .pattern = "/admin/breakers",
            .scope = http::Scope::admin,
            .handler = [&runtime, &breakers](http::Request&) -> Task<http::Response> {
                co_return http::Response{.body = R"({"data":)" + breakers_json(breakers, runtime.clock.steady()) + "}"};
            }};
}

}  // namespace tollgate
