#include "service/handlers/no_wishes.hpp"

#include <string>

#include "json/strict_json.hpp"

namespace tollgate {

Result<void> check_no_wishes(std::string_view body, std::string_view what) {
    if (body.empty()) return {};
    const auto parsed = parse_strict_json(body);
    if (!parsed) return fail(parsed.error());
    if (parsed->is_object() && parsed->get_object().empty()) return {};
    return fail(Code::validation_failed, std::string(what) + " takes no members: send no body, or an empty object");
}

}  // namespace tollgate
