#include "service/app.hpp"

#include <iostream>

namespace tollgate {

int serve(Settings) {
    std::cerr << "tollgate: not yet: serve\n";
    return 1;
}

int run_sandbox(std::string) {
    std::cerr << "tollgate: not yet: sandbox\n";
    return 1;
}

int run_demo(std::optional<std::string>) {
    std::cerr << "tollgate: not yet: demo\n";
    return 1;
}

}  // namespace tollgate
