io.write "written before"
os.exit(7)
