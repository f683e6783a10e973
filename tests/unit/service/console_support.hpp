#pragma once

#include <initializer_list>
#include <vector>

#include "service/http/message.hpp"

namespace tollgate::test {

/// A request with these header lines; it views what it was made of.
struct Asked {
    explicit Asked(std::initializer_list<http::Header> lines, std::string_view method = "GET") : headers(lines) {
        request.method = method;
        request.path = "/console";
        request.headers = headers;
        request.peer = "192.0.2.1";
    }
    Asked(const Asked&) = delete;
    Asked& operator=(const Asked&) = delete;

    std::vector<http::Header> headers;
    http::Request request;
};

}  // namespace tollgate::test
