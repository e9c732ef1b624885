import pathlib
import shutil
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))  # page_driver, which the tests of this directory share


@pytest.fixture(scope='session')
def browser(tmp_path_factory):
    """A page_driver.Browser; the tests of a page that need one are skipped where there is none."""
    if not (shutil.which('chromium') and shutil.which('chromedriver')):
        pytest.skip("needs a browser: Debian's packages chromium and chromium-driver")
    import page_driver
    opened = page_driver.Browser(tmp_path_factory.mktemp('browser'))
    yield opened
    opened.quit()
