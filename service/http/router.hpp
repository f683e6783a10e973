#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "service/http/message.hpp"

namespace tollgate::http {

/// Finds the route of a request: by its path first (a pattern without captures goes before one with), then by its method.
/// Filled before the server starts; one a thread, because handlers belong to a thread.
class Router {
public:
    /// Asserts that pattern and method are new and well-formed.
    void add(Route route);

    struct Match {
        const Route* route = nullptr;  // nothing: see `allow`
        std::string_view allow;        // methods of the path, as the Allow header has them; empty: no such path
    };

    /// Fills `captures` with views into `path`. HEAD finds the GET route.
    [[nodiscard]] Match find(std::string_view method, std::string_view path, std::vector<std::string_view>& captures) const;

    /// All that were added, in no order, valid until the next is: what is written about routes is compared with it.
    [[nodiscard]] std::vector<const Route*> routes() const;

private:
    struct Resource {
        std::vector<std::string> segments;  // "" is a capture
        std::vector<Route> routes;
        std::string allow;
    };
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
    };

    static bool matches(const Resource& resource, std::string_view path, std::vector<std::string_view>& captures);
    Resource& resource_for(const std::string& pattern);

    std::unordered_map<std::string, Resource, Hash, std::equal_to<>> exact_;
    std::vector<std::pair<std::string, Resource>> patterns_;
};

}  // namespace tollgate::http
