"""Writes one small picture with every encoder at hand, and encoded.json: which encoder wrote a file, and its size.

The files in test/lib/image/samples/encoded were made so, on Debian 12:

    apt-get install libjpeg-turbo-progs pngcrush optipng gifsicle webp libavif-bin libheif-examples libjxl-tools \
      libopenjp2-tools libtiff-tools libjxr-tools icoutils imagemagick graphicsmagick librsvg2-bin potrace
    pip install pillow pillow-heif pillow-jxl-plugin imagecodecs tifffile
    python3 tools/samplePictures/makeEncoded.py test/lib/image/samples/encoded

Other versions write other bytes: `ENCODED=FOLDER npm run test:jest -- test/lib/image/encoded` judges those of a
folder. The sizes are as shown: after orientation and cropping.
"""
import json
import os
import re
import subprocess
import sys
import tempfile
from importlib.metadata import version as package_version

from PIL import Image, ImageCms

FOLDER = os.path.abspath(sys.argv[1])
WORK = tempfile.mkdtemp()
WIDTH, HEIGHT = 23, 13
UPRIGHT, LYING = "23x13", "13x23"
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/></x:xmpmeta>'

os.makedirs(FOLDER, exist_ok=True)
rows = []


def gradient(shift):
    return Image.frombytes("RGB", (WIDTH, HEIGHT), bytes(
        ((x * 11 + shift) % 256, y * 19 % 256, (x * y + shift) % 256)[channel]
        for y in range(HEIGHT) for x in range(WIDTH) for channel in range(3)))


def work(name):
    return os.path.join(WORK, name)


def run(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def named(name, *command):
    """The encoder's name with its version, which programs print in many ways."""
    told = subprocess.run(command, capture_output=True, text=True)
    return f"{name} {re.search(r'[0-9]+([.][0-9]+)+', told.stdout + told.stderr).group(0)}"


def made(name, encoder, make, size=UPRIGHT):
    path = os.path.join(FOLDER, name)
    try:
        make(path)
    except Exception as reason:
        print(f"left out: {name}: {reason}")
        if os.path.exists(path):
            os.remove(path)
        return
    rows.append({"file": name, "encoder": encoder, "size": size})


def with_program(encoder, *files):
    """Files of one program: a name, its arguments (PATH is the file to write), and the size where it is another."""
    for name, command, *size in files:
        made(name, encoder, lambda path: run(*(path if word == "PATH" else word for word in command.split())), *size)


def saved(name, image, size=UPRIGHT, **options):
    # A copy, since an image remembers the settings of the last writer.
    made(name, f"Pillow {package_version('pillow')}", lambda path: image.copy().save(path, **options), size)


def exif(orientation):
    tags = Image.Exif()
    tags[0x112] = orientation
    tags[0x10F] = "Maker"
    return tags


first, second = gradient(0), gradient(90)
icon = first.resize((64, 64))
first.save(work("a.png"))
second.save(work("b.png"))
first.save(work("a.ppm"))
first.save(work("a.bmp"))
first.save(work("turned.jpg"), exif=exif(6), quality=50)
Image.new("RGBA", (WIDTH, HEIGHT), (9, 99, 199, 50)).save(work("alpha.png"))
Image.new("RGB", (128, 64), (1, 2, 3)).save(work("tile.png"))
icon.resize((16, 16)).save(work("16.png"))
icon.resize((32, 32)).save(work("32.png"))
profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
A, B, PPM, TURNED, ALPHA = work("a.png"), work("b.png"), work("a.ppm"), work("turned.jpg"), work("alpha.png")

saved("pillow-pages.tiff", first, save_all=True, append_images=[second.copy()])
saved("pillow-big.tiff", first, big_tiff=True, save_all=True, append_images=[second.copy()])
saved("pillow.jpg", first, quality=50)
saved("pillow-progressive.jpg", first, quality=50, progressive=True)
for turn in range(1, 9):
    saved(f"pillow-exif{turn}.jpg", first, LYING if turn > 4 else UPRIGHT, quality=40, exif=exif(turn))
saved("pillow-metadata.jpg", first, quality=40, icc_profile=profile, xmp=XMP, comment=b"hello")
saved("pillow.mpo.jpg", first, format="MPO", save_all=True, append_images=[second.copy()], quality=40)
saved("pillow-exif8.mpo.jpg", first, LYING, format="MPO", save_all=True, append_images=[second.copy()], quality=40, exif=exif(8))
saved("pillow.png", first)
saved("pillow-exif6.png", first, LYING, exif=exif(6))
saved("pillow-animated.png", first, save_all=True, append_images=[second.copy()])
saved("pillow-animated-exif8.png", first, LYING, save_all=True, append_images=[second.copy()], exif=exif(8))
saved("pillow.gif", first.quantize(16))
saved("pillow-animated.gif", first.quantize(16), save_all=True, append_images=[second.quantize(16)], loop=0)
saved("pillow.webp", first, quality=40)
# Browsers do not apply the EXIF orientation to WebP.
saved("pillow-exif6.webp", first, quality=40, exif=exif(6), xmp=XMP)
saved("pillow-lossless.webp", first, lossless=True)
saved("pillow-animated.webp", first, save_all=True, append_images=[second.copy()])
saved("pillow-pixel.webp", Image.new("RGB", (1, 1)), "1x1", lossless=True)
saved("pillow.avif", first, quality=40)
saved("pillow-exif6.avif", first, LYING, quality=40, exif=exif(6))
saved("pillow-animated.avif", first, save_all=True, append_images=[second.copy()], quality=30)
saved("pillow.jp2", first)
saved("pillow.j2c", first, no_jp2=True, format="JPEG2000")
saved("pillow.tiff", first)
for compression in ("tiff_lzw", "jpeg", "tiff_deflate", "packbits"):
    saved(f"pillow-{compression}.tiff", first, compression=compression)
saved("pillow-exif6.tiff", first, LYING, exif=exif(6))
saved("pillow.bmp", first)
saved("pillow-palette.bmp", first.quantize(16))
saved("pillow.ico", icon, "48x48", sizes=[(16, 16), (48, 48)])
saved("pillow-bitmaps.ico", icon, "32x32", sizes=[(16, 16), (32, 32)], bitmap_format="bmp")

with_program(
    named("libjpeg-turbo", "cjpeg", "-version"),
    ("cjpeg.jpg", f"cjpeg -outfile PATH {PPM}"),
    ("cjpeg-arithmetic.jpg", f"cjpeg -arithmetic -restart 1 -outfile PATH {PPM}"),
)
with_program(named("pngcrush", "pngcrush", "-version"), ("pngcrush.png", f"pngcrush {A} PATH"))
with_program(named("OptiPNG", "optipng", "-v"), ("optipng.png", f"optipng -clobber -out PATH {A}"))
with_program(
    named("gifsicle", "gifsicle", "--version"),
    ("gifsicle.gif", f"gifsicle {FOLDER}/pillow-animated.gif -O3 --comment hello -o PATH"),
)
with_program(
    named("libwebp", "cwebp", "-version"),
    ("cwebp.webp", f"cwebp {A} -o PATH"),
    ("cwebp-alpha.webp", f"cwebp {ALPHA} -o PATH"),
    ("cwebp-lossless.webp", f"cwebp -lossless {A} -o PATH"),
    ("cwebp-exif6.webp", f"cwebp -metadata all {TURNED} -o PATH"),
    ("gif2webp.webp", f"gif2webp {FOLDER}/pillow-animated.gif -o PATH"),
)
with_program(
    named("libavif", "avifenc", "--version"),
    ("avifenc.avif", f"avifenc {A} PATH"),
    ("avifenc-irot1.avif", f"avifenc --irot 1 {A} PATH", LYING),
    ("avifenc-irot2.avif", f"avifenc --irot 2 {A} PATH"),
    ("avifenc-irot3-imir.avif", f"avifenc --irot 3 --imir 0 {A} PATH", LYING),
    ("avifenc-imir.avif", f"avifenc --imir 1 {A} PATH"),
    ("avifenc-alpha.avif", f"avifenc {ALPHA} PATH"),
    ("avifenc-crop.avif", f"avifenc --crop 0,0,20,12 --irot 1 {A} PATH", "12x20"),
    # Browsers apply a crop only if it begins at the top left corner.
    ("avifenc-crop-inside.avif", f"avifenc --crop 2,0,20,12 {A} PATH"),
    ("avifenc-exif6.avif", f"avifenc {TURNED} PATH", LYING),
    ("avifenc-sequence.avif", f"avifenc {A} {B} PATH"),
    ("avifenc-grid.avif", f"avifenc --grid 2x1 {work('tile.png')} {work('tile.png')} PATH", "256x64"),
)
with_program(
    named("libheif", "heif-enc", "--version"),
    ("heif-enc.avif", f"heif-enc -A {A} -o PATH"),
    ("heif-enc.heic", f"heif-enc {A} -o PATH"),
    # Browsers ignore the EXIF orientation of HEIF, and this version writes no other rotation.
    ("heif-enc-exif6.heic", f"heif-enc {TURNED} -o PATH"),
    ("heif-enc-two.heic", f"heif-enc {A} {B} -o PATH"),
)
with_program(
    named("libjxl", "cjxl", "--version"),
    ("cjxl.jxl", f"cjxl {A} PATH"),
    ("cjxl-lossless.jxl", f"cjxl -d 0 {A} PATH"),
    ("cjxl-container.jxl", f"cjxl --container=1 {A} PATH"),
    ("cjxl-jpeg.jxl", f"cjxl {FOLDER}/pillow.jpg PATH"),
    ("cjxl-jpeg-exif6.jxl", f"cjxl {TURNED} PATH", LYING),
    ("cjxl-exif6.jxl", f"cjxl --lossless_jpeg=0 {TURNED} PATH", LYING),
)
with_program(
    named("OpenJPEG", "opj_compress", "-h"),
    ("opj.jp2", f"opj_compress -i {PPM} -o PATH -n 3"),
    ("opj-tiles.jp2", f"opj_compress -i {PPM} -o PATH -n 2 -t 16,16"),
    ("opj-tile-parts.j2c", f"opj_compress -i {PPM} -o {work('parts.j2k')} -n 2 -t 8,8 -TP R -C hello"),
)
if os.path.exists(work("parts.j2k")):
    os.replace(work("parts.j2k"), os.path.join(FOLDER, "opj-tile-parts.j2c"))
with_program(
    named("libtiff", "tiffcp", "-h"),
    ("tiffcp-tiles.tiff", f"tiffcp -t -w 16 -l 16 -c lzw {FOLDER}/pillow-pages.tiff PATH"),
    ("tiffcp-big.tiff", f"tiffcp -8 -B {FOLDER}/pillow-pages.tiff PATH"),
)
with_program("jxrlib of Debian 12", ("jxrenc.jxr", f"JxrEncApp -i {work('a.bmp')} -o PATH -q 0.5"))
with_program(
    named("icoutils", "icotool", "--version"),
    ("icotool.ico", f"icotool -c -o PATH {work('16.png')} --raw {work('32.png')}", "32x32"),
    ("icotool.cur", f"icotool -c --cursor -o PATH {work('16.png')}", "16x16"),
)
with_program(
    named("ImageMagick", "convert", "-version"),
    ("magick.jpg", f"convert {A} -quality 40 PATH"),
    ("magick-exif6.jpg", f"convert {TURNED} -quality 40 PATH", LYING),
    ("magick-interlaced.png", f"convert {A} -interlace PNG PATH"),
    # This version writes EXIF data after the picture, where browsers do not look for them.
    ("magick-exif6.png", f"convert {TURNED} PATH"),
    ("magick.gif", f"convert {A} {B} -colors 16 PATH"),
    ("magick.webp", f"convert {A} PATH"),
    ("magick.jp2", f"convert {A} PATH"),
    ("magick-pages.tiff", f"convert {A} {B} PATH"),
    ("magick-pyramid.tiff", f"convert {A} ptif:{FOLDER}/magick-pyramid.tiff"),
    ("magick-exif6.tiff", f"convert {TURNED} PATH", LYING),
    ("magick.bmp", f"convert {A} PATH"),
    ("magick-v3.bmp", f"convert {A} bmp3:{FOLDER}/magick-v3.bmp"),
    ("magick-v2.bmp", f"convert {A} bmp2:{FOLDER}/magick-v2.bmp"),
    ("magick-rle.bmp", f"convert {A} -colors 16 -type palette -compress RLE bmp3:{FOLDER}/magick-rle.bmp"),
    ("magick-alpha.bmp", f"convert {ALPHA} PATH"),
    ("magick.ico", f"convert {work('16.png')} PATH", "16x16"),
)
with_program(
    named("GraphicsMagick", "gm", "version"),
    ("graphicsmagick.jpg", f"gm convert {A} PATH"),
    ("graphicsmagick.bmp", f"gm convert {A} PATH"),
    ("graphicsmagick.jp2", f"gm convert {A} PATH"),
)
first.convert("1").save(work("a.pbm"))
with_program(named("potrace", "potrace", "-v"), ("potrace.svg", f"potrace -s -r 72 {work('a.pbm')} -o PATH", "31x17"))
with open(work("nested.svg"), "w") as file:
    file.write('<svg xmlns="http://www.w3.org/2000/svg" width="23" height="13"><svg width="9" height="9"><rect width="5" height="5"/></svg></svg>')
with_program(
    named("librsvg", "rsvg-convert", "--version"),
    ("rsvg-convert.svg", f"rsvg-convert -f svg {work('nested.svg')} -o PATH"),
)

# These register themselves with Pillow, whose own writers come first.
import imagecodecs  # noqa: E402
import numpy  # noqa: E402
import pillow_heif  # noqa: E402
import pillow_jxl  # noqa: E402, F401
import tifffile  # noqa: E402

pillow_heif.register_heif_opener()
pixels = numpy.asarray(first)


def heif(name, **options):
    encoder = f"pillow-heif {package_version('pillow-heif')}"
    made(name, encoder, lambda path: first.save(path, format="HEIF", quality=40, **options))


def written(name, bytes_of):
    def write(path):
        with open(path, "wb") as file:
            file.write(bytes_of())
    made(name, f"imagecodecs {package_version('imagecodecs')}", write)


def sub_directories(path):
    with tifffile.TiffWriter(path) as file:
        file.write(pixels, subifds=1, photometric="rgb")
        file.write(pixels[::2, ::2], photometric="rgb")


heif("pillow-heif.heic")
heif("pillow-heif-exif6.heic", exif=exif(6))
heif("pillow-heif-two.heic", save_all=True, append_images=[second.copy()])
made("pillow-jxl.jxl", f"pillow-jxl-plugin {package_version('pillow-jxl-plugin')}", lambda path: first.save(path, lossless=True))
# The codestream of JPEG XL has the orientation. EXIF data do not count.
made("pillow-jxl-exif6.jxl", f"pillow-jxl-plugin {package_version('pillow-jxl-plugin')}", lambda path: first.save(path, exif=exif(6).tobytes()))
written("imagecodecs.jxl", lambda: imagecodecs.jpegxl_encode(pixels, usecontainer=True))
written("imagecodecs.jxr", lambda: imagecodecs.jpegxr_encode(pixels))
made("tifffile-subdirectories.tiff", f"tifffile {package_version('tifffile')}", sub_directories)
made("tifffile-tiles.tiff", f"tifffile {package_version('tifffile')}", lambda path: tifffile.imwrite(path, pixels, photometric="rgb", byteorder=">", tile=(16, 16)))

with open(os.path.join(FOLDER, "encoded.json"), "w") as file:
    lines = ",\n".join("  " + json.dumps(row) for row in sorted(rows, key=lambda row: row["file"]))
    file.write(f"[\n{lines}\n]\n")
print(f"{len(rows)} files")
