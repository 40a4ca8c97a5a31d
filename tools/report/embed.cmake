# Puts the page's style and scripts into its frame, and that into a C++ source file:
# cmake -DFOLDER=... -DSTYLES=a.css,b.css -DSCRIPTS=a.js,b.js -DOUTPUT=... -P embed.cmake
file(READ ${FOLDER}/page.html page)

function(join_files names result)
  string(REPLACE "," ";" names "${names}")
  foreach(name IN LISTS names)
    file(READ ${FOLDER}/${name} part)
    string(APPEND text "${part}")
  endforeach()
  set(${result} "${text}" PARENT_SCOPE)
endfunction()

join_files("${STYLES}" style)
join_files("${SCRIPTS}" script)
string(REPLACE "{{style}}" "${style}" page "${page}")
string(REPLACE "{{script}}" "${script}" page "${page}")
file(WRITE ${OUTPUT} "#include \"tools/report/page.h\"\n\nnamespace sardonyx {\n"
     "const char kPage[] = R\"page(${page})page\";\n}  // namespace sardonyx\n")
