// Carries the precompiled headers of one set of flags: DormouseBuild.cmake.
