#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
#include <csignal>

// As the program does: a test's own server may write to a client that has gone.
[[maybe_unused]] static const auto before = std::signal(SIGPIPE, SIG_IGN);
