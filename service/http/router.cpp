#include "service/http/router.hpp"

#include <algorithm>
#include <cassert>

namespace tollgate::http {
namespace {

/// Calls `each` with every segment after a slash until it returns false; "/a//b" has an empty one.
template <class Each>
bool for_each_segment(std::string_view path, Each each) {
    while (!path.empty()) {
        path.remove_prefix(1);
        const std::string_view segment = path.substr(0, path.find('/'));
        path.remove_prefix(segment.size());
        if (!each(segment)) return false;
    }
    return true;
}

}  // namespace

Router::Resource& Router::resource_for(const std::string& pattern) {
    if (pattern.find('{') == std::string::npos) return exact_[pattern];
    for (auto& [known, resource] : patterns_)
        if (known == pattern) return resource;
    Resource resource;
    for_each_segment(pattern, [&](std::string_view segment) {
        resource.segments.emplace_back(segment.starts_with('{') ? std::string_view() : segment);
        return true;
    });
    return patterns_.emplace_back(pattern, std::move(resource)).second;
}

void Router::add(Route route) {
    assert(route.pattern.starts_with('/') && route.handler);
    Resource& resource = resource_for(route.pattern);
    for ([[maybe_unused]] const Route& other : resource.routes) assert(other.method != route.method);
    resource.routes.push_back(std::move(route));
    resource.allow.clear();
    for (const Route& each : resource.routes) resource.allow += each.method + (each.method == "GET" ? ", HEAD, " : ", ");
    resource.allow += "OPTIONS";
}

std::vector<const Route*> Router::routes() const {
    std::vector<const Route*> all;
    const auto take = [&all](const Resource& resource) {
        for (const Route& route : resource.routes) all.push_back(&route);
    };
    for (const auto& [path, resource] : exact_) take(resource);
    for (const auto& [pattern, resource] : patterns_) take(resource);
    return all;
}

bool Router::matches(const Resource& resource, std::string_view path, std::vector<std::string_view>& captures) {
    captures.clear();
    std::size_t at = 0;
    const bool fits = for_each_segment(path, [&](std::string_view segment) {
        if (at == resource.segments.size()) return false;
        const std::string& wanted = resource.segments[at++];
        if (!wanted.empty()) return wanted == segment;
        captures.push_back(segment);
        return !segment.empty();
    });
    return fits && at == resource.segments.size();
}

Router::Match Router::find(std::string_view method, std::string_view path, std::vector<std::string_view>& captures) const {
    captures.clear();
    const Resource* found = nullptr;
    if (const auto exact = exact_.find(path); exact != exact_.end()) {
        found = &exact->second;
    } else {
        const auto pattern = std::find_if(patterns_.begin(), patterns_.end(),
                                          [&](const auto& each) { return matches(each.second, path, captures); });
        if (pattern == patterns_.end()) return {};
        found = &pattern->second;
    }
    const std::string_view wanted = method == "HEAD" ? std::string_view("GET") : method;
    for (const Route& route : found->routes)
        if (route.method == wanted) return {&route, found->allow};
    return {nullptr, found->allow};
}

}  // namespace tollgate::http
